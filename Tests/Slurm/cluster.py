"""A Slurm of its own on this machine: munge, a controller and two nodes in a temporary folder, on loopback.

    python Tests/Slurm/cluster.py COMMAND...    runs a command that finds this cluster, and ends the cluster after it
"""
import atexit
import getpass
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

CONFIGURATION = """\
ClusterName=lightbox
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
# No cgroups, which a container seldom may make; a job's memory is looked at every two seconds instead.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=2
JobAcctGatherParams=OverMemoryKill,NoShared
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,batch_sched_delay=0,sched_min_interval=0,bf_interval=1
# A node that says nothing for some seconds is down, and its jobs begin again elsewhere.
SlurmdTimeout=10
InactiveLimit=0
KillWait=2
OverTimeLimit=0
MinJobAge=30
ReturnToService=2
MaxArraySize=21
PropagateResourceLimits=NONE
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=60 State=UP
"""


def free_ports(count):
    found = [socket.socket() for _ in range(count)]
    for each in found:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in found]
    for each in found:
        each.close()
    return ports


class Cluster:
    """Everything is a child of this process and ends with it."""

    def __init__(self, nodes=2):
        # munge takes no socket below a folder that others may write in.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lightbox-slurm-"))
        self.folder.chmod(0o755)
        self.ports = free_ports(nodes + 1)
        self.nodes = [f"node{number + 1}" for number in range(nodes)]
        self.daemons = {}
        atexit.register(self.end)
        self.configuration = self.folder / "slurm.conf"
        os.environ["SLURM_CONF"] = str(self.configuration)
        (self.folder / "state").mkdir()
        lines = [f"NodeName={name} NodeHostname={socket.gethostname()} NodeAddr=127.0.0.1 Port={port} CPUs=1 "
                 f"RealMemory=4096 State=UNKNOWN" for name, port in zip(self.nodes, self.ports[1:])]
        self.configuration.write_text(CONFIGURATION.format(
            host=socket.gethostname(), ports=self.ports, user=getpass.getuser(), folder=self.folder,
            nodes="\n".join(lines)))
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        self.start("munged", "--foreground", f"--key-file={key}", *(
            f"--{name}-file={self.folder}/munge.{name}" for name in ["seed", "pid", "log"]),
            f"--socket={self.folder}/munge.socket")
        self.wait("munged", lambda: (self.folder / "munge.socket").exists())
        self.start_controller()
        for name in self.nodes:
            self.start_node(name)

    def start(self, name, *arguments):
        program, _, _ = name.partition(" ")
        found = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        if not found:
            raise SystemExit(f"there is no {program}: scripts/bootstrap --slurm installs it")
        with open(self.folder / f"{name}.out", "a") as log:
            self.daemons[name] = subprocess.Popen([found, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def start_controller(self):
        self.start("slurmctld", "-D")
        self.wait("slurmctld", lambda: self.said("scontrol", "ping").startswith("Slurmctld(primary) at"))
        self.wait("slurmctld", lambda: " UP" in self.said("scontrol", "ping"))

    def start_node(self, name):
        (self.folder / f"spool-{name}").mkdir(exist_ok=True)
        self.start(f"slurmd {name}", "-D", "-N", name)
        self.wait(f"slurmd {name}", lambda: self.said("sinfo", "-h", "-n", name, "-o", "%T") in ("idle", "mixed"))

    def stop(self, name):
        """With SIGKILL, as a machine stops that loses its power."""
        daemon = self.daemons.pop(name)
        daemon.kill()
        daemon.wait()

    def said(self, *command):
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()

    def wait(self, name, is_true):
        for _ in range(300):
            if is_true():
                return
            if self.daemons[name].poll() is not None:
                break
            time.sleep(0.1)
        logs = [path.read_text()[-3000:] for path in self.folder.glob("*.log")] + [
            path.read_text()[-3000:] for path in self.folder.glob("*.out")]
        raise SystemExit(f"{name} did not start:\n" + "\n".join(logs))

    def end(self):
        if not self.daemons:
            return
        self.said("scancel", "--state=RUNNING", "--signal=KILL", f"--user={getpass.getuser()}")
        self.said("scancel", f"--user={getpass.getuser()}")
        for name in reversed(list(self.daemons)):
            daemon = self.daemons.pop(name)
            daemon.terminate()
            try:
                daemon.wait(5)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        # A job that is just ending may still write.
        for _ in range(0 if os.environ.get("KEEP") else 20):
            shutil.rmtree(self.folder, ignore_errors=True)
            if not self.folder.exists():
                break
            time.sleep(0.2)


if __name__ == "__main__":
    cluster = Cluster()
    ended = subprocess.run(sys.argv[1:])
    cluster.end()
    sys.exit(ended.returncode)
