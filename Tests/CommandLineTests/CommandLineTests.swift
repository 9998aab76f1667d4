import ArgumentParser
import Testing
import lightbox

@Suite("Command line") struct CommandLineTests {
    @Test(
        "Every command parses",
        arguments: [
            "demo --dicom scans", "dicom import a b --store s", "dicom metadata --store d/s --table t --append",
            "dicom export --store s --to out --format jpeg --window 40,400", "dicom show f.dcm --hide-values",
            "records write --images i --output o --shape 299,299,3 --shards 4 --gzip", "records show o",
            "records split l.csv --output o", "embed --network xception --input i --output o.jsonl",
            "load v.jsonl --table t --truncate", "query --format csv", "networks --json",
            "doctor --home /tmp/h --quiet", "models create m --regions us-central1 --label a=b", "models list",
            "models update m --description d", "models delete m", "versions list --model m --limit 3",
            "versions create v1 --model m --origin gs://b/m/1 --staging-bucket gs://b --runtime-version 1.15",
            "versions describe v1 --model m --verify", "versions show --dir m/1",
            "versions set-default 2 --model m",
            "jobs submit prediction j --model m --input-paths a,b --output-path o --data-format tf-record --region r",
            "jobs submit training j --module-name trainer.task --job-dir gs://b/j -- --max-steps 3 --batch-size 2",
            "jobs list --filter state:FAILED", "jobs describe j", "jobs stream-logs j", "jobs cancel j",
            "jobs run", "datasets list", "datasets create d --time-zone Europe/Berlin",
            "datasets delete d --force",
            "embed --network tiny --input i --output o --runner processes --workers 3 --images-per-task 64",
            "predict-set --model m --images i --table t --runner spark --spark-master yarn --spark-conf a=b --home /s",
            "embed --network tiny --input i --output o --runner slurm --workers 9 --slurm-partition p --slurm-time 90",
            "records write --images i --output o --runner slurm --detach --slurm-option qos=a --slurm-option exclusive",
            "worker embed --run x",
            "stores list --dataset d", "stores create d/s --label a=b", "stores describe d/s", "stores delete d/s",
        ])
    func parses(line: String) throws {
        _ = try Lightbox.parseAsRoot(line.split(separator: " ").map(String.init))
    }

    @Test(
        "A cluster's options go with that cluster",
        arguments: [
            "--slurm-time 5", "--detach", "--runner spark --spark-master yarn --detach",
            "--runner slurm --spark-conf a=b",
            "--runner slurm --slurm-option array=1-3", "--runner slurm --slurm-option output=x",
            "--runner slurm --slurm-option --wrap", "--runner slurm --slurm-option =x",
            "--runner slurm --workers 0",
        ])
    func misplaced(options: String) {
        let line = "embed --network tiny --input i --output o " + options
        #expect(throws: (any Error).self) { try Lightbox.parseAsRoot(line.split(separator: " ").map(String.init)) }
    }

    @Test(
        "Every command teaches with an example",
        arguments: [
            "demo", "dicom import", "dicom metadata", "dicom export", "dicom show", "records write",
            "records show",
            "records split", "embed", "load", "query", "networks", "weights pull", "phantoms", "doctor",
            "models create", "models list", "models describe", "models update", "models delete", "versions create",
            "versions list", "versions describe", "versions show", "versions set-default", "versions delete",
            "jobs submit prediction", "jobs submit training", "jobs list", "jobs describe", "jobs stream-logs",
            "jobs cancel", "jobs run", "datasets list", "datasets create", "datasets delete", "stores list",
            "stores create", "stores describe", "stores delete",
        ])
    func teaches(command: String) throws {
        var help = try Lightbox.parseAsRoot(command.split(separator: " ").map(String.init) + ["--help"])
        var text = ""
        do { try help.run() } catch { text = Lightbox.fullMessage(for: error) }
        // Once in the usage, at least once more in an example.
        #expect(text.split(separator: "\n").filter { $0.contains("lightbox \(command)") }.count >= 2)
    }
}
