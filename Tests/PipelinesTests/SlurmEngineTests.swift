import Foundation
import LightboxCore
import Pipelines
import Synchronization
import TestSupport
import Testing

/// A Slurm of three shell scripts, which runs a job within `sbatch`. `Tests/Slurm` has the real one.
struct ToySlurm {
    let folder: String
    /// The worker's program, a script that may do anything before it becomes `$L`.
    var engine: SlurmEngine

    init(in folder: String, worker: String, state: String = "") throws {
        self.folder = folder + "/slurm"
        engine = SlurmEngine(home: folder + "/home")
        engine.programs = self.folder
        engine.executable = self.folder + "/worker"
        engine.patience = .zero
        try FileManager.default.createDirectory(atPath: self.folder + "/jobs", withIntermediateDirectories: true)
        try write(
            "sbatch",
            """
            echo "$*" >>"$S/asked"
            for option; do
                case $option in
                --test-only) exit 0 ;;
                --partition=nosuch) echo 'sbatch: error: invalid partition specified: nosuch' >&2; exit 1 ;;
                --array=*) elements=${option#--array=0-}; elements=${elements%%\\%*} ;;
                --output=*) log=${option#--output=} ;;
                esac
            done
            job=$(($(ls "$S/jobs" | wc -l) + 1))
            : >"$S/jobs/$job"
            log=${log%\\%N}
            for ((i = 0; i <= ${elements:--1}; i++)); do
                SLURM_ARRAY_TASK_ID=$i sh "${!#}" >>"${log//%%/%}node1" 2>&1
                code=$?
                state=COMPLETED
                [ $code = 0 ] || state=FAILED
                [ -z '\(state)' ] || state='\(state)'
                echo "JobId=$job$i ArrayJobId=$job ArrayTaskId=$i JobState=$state Reason=None ExitCode=$code:0" \\
                    "NodeList=node1 Command=/x JobState=RUNNING" >>"$S/jobs/$job"
            done
            echo "$job"
            """)
        try write(
            "scontrol",
            """
            case "$*" in
            'show config') echo 'MaxArraySize            = 3' ;;
            *'show job'*) cat "$S/jobs/${!#}" ;;
            esac
            """)
        try write("scancel", "exit 0")
        try write("worker", worker)
    }

    private func write(_ name: String, _ text: String) throws {
        let path = folder + "/" + name
        let script = "#!/bin/bash\nS='\(folder)'\nL='\(ProcessEngineTests.program)'\nM='\(folder)/mark'\n\(text)\n"
        try script.write(toFile: path, atomically: true, encoding: .utf8)
        chmod(path, 0o755)
    }

    /// What `sbatch` was asked for, a job a line.
    var asked: [String] {
        get throws {
            try String(contentsOfFile: folder + "/asked", encoding: .utf8).split(separator: "\n").map(String.init)
        }
    }
}

@Suite("Slurm's job arrays") struct SlurmEngineTests {
    @Test(
        "The same bytes, also when a worker is killed, fails or loses its element",
        arguments: [
            (#"exec "$L" "$@""#, 1),
            // Dies by a signal in the middle of its lines: begins again in its element.
            (#"if mkdir "$M" 2>/dev/null; then head -n 1 | "$L" "$@"; kill -9 $$; fi; exec "$L" "$@""#, 1),
            // Fails once: what is missing is dealt out again.
            (#"if mkdir "$M" 2>/dev/null; then exit 3; fi; exec "$L" "$@""#, 2),
        ])
    func sameBytes(worker: String, rounds: Int) throws {
        try withHostilePictures { folder, context in
            let slurm = try ToySlurm(in: folder, worker: worker)
            try embed(folder, "local", context, nil)
            let odd = "a 'b' \"c\" 100% %N $HOME\n#SBATCH -x"
            try embed(folder, odd, context, slurm.engine)
            #expect(try contents(of: "\(folder)/\(odd)") == contents(of: folder + "/local"))
            let arrays = try slurm.asked.filter { $0.contains("--array") }
            #expect(arrays.count == rounds)
            // Six tasks, at most three elements.
            #expect(arrays.first?.contains("--array=0-2 ") == true)
        }
    }

    @Test(
        "Says what became of a job that brought nothing, and what to do",
        arguments: [
            ("", "--slurm-time", "TIMEOUT"), ("", "--slurm-memory", "OUT_OF_MEMORY"),
            ("", "was cancelled", "CANCELLED"),
            (
                "echo 'no such library' >&2; exit 7",
                "ended with 7. Last words of a worker on node1: no such library", ""
            ),
            ("cat >/dev/null; exit 0", "no task has an answer", ""), ("exit 101", "node1 does not see", ""),
            ("exit 102", "make install PREFIX", ""),
            ("kill -9 $$", "6 tasks are missing after 4 rounds (FAILED)", ""),
        ])
    func failures(worker: String, words: String, state: String) throws {
        try withHostilePictures { folder, context in
            let slurm = try ToySlurm(in: folder, worker: worker.isEmpty ? "exit 1" : worker, state: state)
            let error = #expect(throws: EngineError.self) { try embed(folder, "spread", context, slurm.engine) }
            #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
            #expect(!FileManager.default.fileExists(atPath: folder + "/spread/v.jsonl"))
        }
    }

    @Test("Passes on what the user asks for, and what Slurm says to it") func options() throws {
        try withHostilePictures { folder, context in
            var slurm = try ToySlurm(in: folder, worker: #"exec "$L" "$@""#)
            slurm.engine.partition = "short"
            slurm.engine.memory = "4G"
            slurm.engine.options = ["qos=night", "exclusive"]
            (slurm.engine.threads, slurm.engine.workers) = (2, 5)
            try embed(folder, "spread", context, slurm.engine)
            let asked = try #require(try slurm.asked.last)
            for option in [
                "--partition=short", "--mem=4G", "--qos=night", "--exclusive", "--cpus-per-task=2",
                "--array=0-2%5",
            ] {
                #expect(asked.contains(option + " "))
            }
            slurm.engine.options = ["array=7", "d=x", "qos=b"]
            #expect(slurm.engine.misplacedOptions == ["array=7", "d=x"])
            slurm.engine.partition = "nosuch"
            slurm.engine.options = []
            let error = #expect(throws: EngineError.self) { try embed(folder, "other", context, slurm.engine) }
            #expect(error?.description == "sbatch: invalid partition specified: nosuch")
            slurm.engine.programs = folder + "/nowhere"
        }
    }

    @Test("A run whose driver ends goes on, and a later command takes its work") func detached() throws {
        try withHostilePictures { folder, context in
            var slurm = try ToySlurm(in: folder, worker: #"exec "$L" "$@""#)
            slurm.engine.detaches = true
            slurm.engine.arguments = ["embed", "--output", "it's"]
            let work = #expect(throws: WorkGoesOn.self) { try embed(folder, "spread", context, slurm.engine) }
            #expect(work?.job == "1" && work?.finish == "2")
            #expect(!FileManager.default.fileExists(atPath: folder + "/spread/v.jsonl"))
            let place = try #require(
                try FileManager.default.contentsOfDirectory(atPath: folder + "/spread").first {
                    $0.hasPrefix("lightbox-run-")
                })
            let script = try String(contentsOfFile: "\(folder)/spread/\(place)/finish.sh", encoding: .utf8)
            #expect(script.contains(#"'embed' '--output' 'it'\''s'"#))
            #expect(try slurm.asked.last?.contains("--dependency=afterany:1 ") == true)
            slurm.engine.detaches = false
            try embed(folder, "spread", context, slurm.engine)
            #expect(try slurm.asked.count == 2)  // all was done
            try embed(folder, "local", context, nil)
            #expect(try contents(of: folder + "/spread") == contents(of: folder + "/local"))
        }
    }

    @Test(
        "Reads the queue, whatever stands there",
        arguments: [
            ("", 0, 0), ("slurm_load_jobs error: Invalid job id specified", 0, 0),
            ("JobId=7 ArrayTaskId=5-99%10 JobState=PENDING Reason=Priority", 1, 95),
            ("JobId=7 ArrayTaskId=1,4-6,9-8 JobState=PENDING", 1, 5),
            ("JobId=7 ArrayTaskId=99999999999999999999-3 JobState=RUNNING ExitCode=x:y:z NodeList", 1, 4),
            ("JobId=7 ArrayTaskId=0-9223372036854775807,- JobState=PENDING", 1, (1 << 32) + 2),
            ("JobId=7 JobState=\n=== = JobId= JobState=FAILED\nJobState=RUNNING\n\u{0}\u{FFFD}", 2, 1),
        ])
    func queue(text: String, elements: Int, count: Int) {
        let read = SlurmElement.read(text)
        #expect(read.count == elements && (read.first?.count ?? 0) == count)
    }

    @Test("Knows which states are the end") func states() {
        let text = ["RUNNING", "PENDING", "REQUEUED", "COMPLETING", "COMPLETED", "NODE_FAIL", "TIMEOUT"].map {
            "JobId=1 JobState=\($0) Reason=None"
        }.joined(separator: "\n")
        #expect(SlurmElement.read(text).map(\.isLive) == [true, true, true, true, false, false, false])
        let held = SlurmElement.read("JobId=1 JobState=PENDING Reason=launch_failed_requeued_held")
        #expect(held[0].isHeldForGood && !held[0].isLive)
    }
}
