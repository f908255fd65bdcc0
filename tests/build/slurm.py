"""A Slurm of two nodes on this machine, of the person who runs the tests."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

NODES = ["n1", "n2"]
PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel"]
# Nodes are lost after seconds, not minutes; `cred_expire` is how long a lost job then waits.
CONFIGURATION = """
ClusterName=toy
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
MpiDefault=none
ReturnToService=2
SlurmdTimeout=5
KillWait=5
MinJobAge=300
SchedulerParameters=sched_interval=2,batch_sched_delay=1
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2 RealMemory=6000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2 RealMemory=6000
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
"""


class Slurm:
    """Its daemons, and the environment in which its commands find them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ["state", "bin", *NODES]:
            (folder / name).mkdir(parents=True)
        with suppress(OSError):
            folder.chmod(0o755)
        sockets = [socket.socket() for _ in range(3)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        ports = [one.getsockname()[1] for one in sockets]
        for one in sockets:
            one.close()
        user, host = psutil.Process().username(), socket.gethostname()
        text = CONFIGURATION.format(folder=folder, ports=ports, user=user, host=host)
        (folder / "slurm.conf").write_text(text)
        # Snakemake's plugin hides SLURM_CONF from the srun in a job.
        srun = folder / "bin" / "srun"
        real = find_program("srun")
        srun.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {real} "$@"\n')
        srun.chmod(0o755)
        self.environment = {
            "SLURM_CONF": str(folder / "slurm.conf"),
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}:/usr/sbin",
        }
        key = folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log"}
        files |= {"seed-file": "seed"}
        options = [f"--{option}={folder}/munge.{name}" for option, name in files.items()]
        self.daemons = [self.start("munged", "--foreground", "--force", *options)]
        wait_for((folder / "munge.socket").exists)
        self.daemons.append(self.start("slurmctld", "-D"))
        self.nodes = {name: self.start("slurmd", "-D", "-N", name) for name in NODES}
        wait_for(lambda: self.ask("sinfo", "-h", "-N", "-o", "%T").split() == ["idle", "idle"])

    def start(self, program: str, *options: str) -> subprocess.Popen:
        with (self.folder / f"{program}.out").open("a") as out:
            return subprocess.Popen(
                [find_program(program), *options],
                env=os.environ | self.environment,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def ask(self, *command: str) -> str:
        done = subprocess.run(
            command, env=os.environ | self.environment, capture_output=True, text=True
        )
        return done.stdout

    def list_jobs(self, state: str = "all") -> list[str]:
        """Node and step of each job in the queue that is in a state."""
        states = [] if state == "all" else ["--states", state]
        return self.ask("squeue", "--noheader", "--format", "%N %k", *states).splitlines()

    def lose(self, name: str) -> None:
        """Let a node break down, its daemon and all that runs on it, and Slurm notice it."""
        found = [p for p in psutil.process_iter() if _get_node(p) == name]
        self.nodes[name].kill()
        for process in found:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.nodes[name].wait()
        self.ask("scontrol", "update", f"NodeName={name}", "State=DOWN", "Reason=lost")

    def restore(self, name: str) -> None:
        self.nodes[name] = self.start("slurmd", "-D", "-N", name)
        self.ask("scontrol", "update", f"NodeName={name}", "State=RESUME")

    def stop(self) -> None:
        for name in NODES:
            self.lose(name)
        for daemon in reversed(self.daemons):
            daemon.terminate()
            daemon.wait()


def _get_node(process: psutil.Process) -> str | None:
    """The node of a process that runs in a job of ours, or steps for it."""
    with suppress(psutil.Error):
        if "slurmstepd" in process.name():
            return _get_node_of_step(process)
        return process.environ().get("SLURMD_NODENAME")
    return None


def _get_node_of_step(process: psutil.Process) -> str | None:
    nodes = {child.environ().get("SLURMD_NODENAME") for child in process.children()}
    return next(iter(nodes - {None}), None)


def find_program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
