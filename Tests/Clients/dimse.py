"""DCMTK's tools and pynetdicom against `lightbox dicom listen`, and `lightbox dicom echo|send|find|get|move` against
both: what arrives is, byte for byte in its data set, what was sent.

    python Tests/Clients/dimse.py PROGRAM

Needs DCMTK's programs (Debian: dcmtk) and openssl.
"""
import atexit
import json
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import warnings

import pydicom
from pydicom.uid import UID
from pynetdicom import AE, StoragePresentationContexts, build_context, build_role, evt
from pynetdicom.sop_class import (
    ComputedRadiographyImageStorage, DigitalXRayImageStorageForPresentation,
    PatientRootQueryRetrieveInformationModelFind, StorageCommitmentPushModel, StorageCommitmentPushModelInstance,
    StudyRootQueryRetrieveInformationModelFind, StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove, Verification)

from support import PROGRAM, ROOT, check, free_port, without_reactor

warnings.filterwarnings("ignore")
home = pathlib.Path(tempfile.mkdtemp(prefix="lightbox-dimse-"))
processes = []


def clean():
    for process in processes:
        if process.poll() is None:
            process.kill()
            process.wait()
    shutil.rmtree(home, ignore_errors=True)


atexit.register(clean)


def lightbox(*arguments, fails=False):
    done = subprocess.run([PROGRAM, *map(str, arguments), "--home", str(home)], capture_output=True, text=True)
    if (done.returncode != 0) != fails:
        raise SystemExit(f"lightbox {arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def run(*command, fails=False):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if (done.returncode != 0) != fails:
        raise SystemExit(f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def start(port, *command):
    process = subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.DEVNULL, stderr=open(home / "servers.log", "ab"))
    processes.append(process)
    for _ in range(400):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.05)
    raise SystemExit(f"{command[0]} did not start:\n" + (home / "servers.log").read_text())


def listen(port, *arguments, store="test/net"):
    return start(port, PROGRAM, "dicom", "listen", "--store", store, "--port", port, "--home", home, *arguments)


def data_sets(folder):
    """By SOP instance UID: the data set's bytes as they stand in the file."""
    found = {}
    for path in pathlib.Path(folder).rglob("*"):
        if not path.is_file() or path.read_bytes()[128:132] != b"DICM":
            continue
        with open(path, "rb") as file:
            meta = pydicom.filereader.read_file_meta_info(path)
            pydicom.filereader.read_preamble(file, False)
            pydicom.filereader._read_file_meta_info(file)
            found[str(meta.MediaStorageSOPInstanceUID)] = (str(meta.TransferSyntaxUID), file.read())
    return found


def stored(store="test/net"):
    """What a Lightbox store holds, exported."""
    folder = tempfile.mkdtemp(dir=home)
    lightbox("dicom", "export", "--store", store, "--format", "dicom", "--to", folder)
    return data_sets(folder)


films = home / "films"
lightbox("phantoms", "--patients", "6", "--output", films)
sent = data_sets(films)
first = pydicom.dcmread(next(p for p in sorted(films.rglob("*.dcm"))), stop_before_pixels=True)
studies = {str(pydicom.dcmread(p, stop_before_pixels=True).StudyInstanceUID) for p in films.rglob("*.dcm")}

# DCMTK calls
port, moved_port = free_port(), free_port()
server = listen(port, "--destination", f"MOVED@127.0.0.1:{moved_port}", "--destination", f"PYNET@127.0.0.1:{moved_port}")
peer = ["127.0.0.1", port]
run("echoscu", "-aec", "LIGHTBOX", *peer)
check(True, "echoscu is answered")
run("storescu", "-aec", "LIGHTBOX", "+sd", "+r", "+sp", "*.dcm", *peer, films)
check(stored() == sent, f"storescu: {len(sent)} instances stand in the store as they were sent")
run("storescu", "-aec", "LIGHTBOX", "+sd", "+r", "+sp", "*.dcm", *peer, films)
check(stored() == sent, "storescu again changes nothing")
text = run("findscu", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID", *peer)
check(all(uid in text for uid in studies), "findscu finds every study")
text = run("findscu", "-P", "-k", "QueryRetrieveLevel=PATIENT", "-k", f"PatientID={first.PatientID}", "-k", "PatientName", *peer)
check(str(first.PatientName) in text, "findscu finds a patient")
got = home / "got"
got.mkdir()
run("getscu", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={first.StudyInstanceUID}", "-od", got, *peer)
ours = {uid: sent[uid] for uid in data_sets(got)}
check(data_sets(got) == ours and ours, "getscu gets a study as it was sent")
moved = home / "moved"
moved.mkdir()
scp = start(moved_port, "storescp", "-aet", "MOVED", "-od", moved, moved_port)
for uid in studies:
    run("movescu", "-S", "-aem", "MOVED", "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={uid}", *peer)
check(data_sets(moved) == sent, "movescu moves every study as it was sent")
scp.kill()
scp.wait()
run("movescu", "-S", "-aem", "NOBODY", "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={first.StudyInstanceUID}", *peer, fails=True)
check(True, "movescu to an unknown destination fails")

# pynetdicom calls
ae = AE("PYNET")
for context in (Verification, PatientRootQueryRetrieveInformationModelFind, StudyRootQueryRetrieveInformationModelFind,
                StudyRootQueryRetrieveInformationModelMove, StorageCommitmentPushModel):
    ae.add_requested_context(context)
association = ae.associate(*peer, ae_title="LIGHTBOX")
check(association.is_established, "pynetdicom's association is accepted")
check(association.send_c_echo().Status == 0, "C-ECHO")
query = pydicom.Dataset()
query.QueryRetrieveLevel, query.PatientName, query.StudyInstanceUID = "STUDY", "*", ""
answers = [identifier for _, identifier in association.send_c_find(query, StudyRootQueryRetrieveInformationModelFind) if identifier]
check({str(answer.StudyInstanceUID) for answer in answers} == studies, "C-FIND finds every study")
received = {}


def receive(event):
    received[str(event.request.AffectedSOPInstanceUID)] = (
        str(event.context.transfer_syntax), event.request.DataSet.getvalue())
    return 0


mover = AE("PYNET")
mover.supported_contexts = StoragePresentationContexts
place = mover.start_server(("127.0.0.1", moved_port), block=False, evt_handlers=[(evt.EVT_C_STORE, receive)])
query = pydicom.Dataset()
query.QueryRetrieveLevel, query.StudyInstanceUID = "STUDY", str(first.StudyInstanceUID)
status = [status.Status for status, _ in association.send_c_move(query, "PYNET", StudyRootQueryRetrieveInformationModelMove)][-1]
check(status == 0 and set(received) == set(ours), "C-MOVE moves a study")
place.shutdown()
association.release()

got = {}


def keep(event):
    got[str(event.request.AffectedSOPInstanceUID)] = (str(event.context.transfer_syntax), event.request.DataSet.getvalue())
    return 0


getter = AE("PYNET")
getter.add_requested_context(StudyRootQueryRetrieveInformationModelGet)
sop_classes = {str(pydicom.filereader.read_file_meta_info(p).MediaStorageSOPClassUID) for p in films.rglob("*.dcm")}
for sop_class in sop_classes:
    getter.add_requested_context(sop_class, ours[str(first.SOPInstanceUID)][0])
association = getter.associate(
    *peer, ae_title="LIGHTBOX", evt_handlers=[(evt.EVT_C_STORE, keep)],
    ext_neg=[build_role(sop_class, scp_role=True) for sop_class in sop_classes])
status = [status.Status for status, _ in association.send_c_get(query, StudyRootQueryRetrieveInformationModelGet)][-1]
association.release()
check(status == 0 and got == ours, "C-GET gets a study")

files, known = {}, set()
for path in sorted((ROOT / ".native/pydicom/test_files").glob("*.dcm")):
    try:
        meta = pydicom.filereader.read_file_meta_info(path)
        data_set = pydicom.dcmread(path)
        uid = data_set.SOPInstanceUID
        if uid in known or not UID(data_set.StudyInstanceUID).is_valid or meta.TransferSyntaxUID.is_private:
            continue
        known.add(uid)
        files[path] = (str(data_set.SOPClassUID), str(meta.TransferSyntaxUID), str(uid))
    except Exception:  # noqa: BLE001: not a file that can be sent
        continue
contexts = [build_context(sop_class, syntax) for sop_class, syntax in sorted({entry[:2] for entry in files.values()})]
association = AE("PYNET").associate(*peer, contexts, ae_title="LIGHTBOX")
statuses = {}
for path in files:
    try:
        statuses[path] = association.send_c_store(path).Status
    except ValueError:
        continue
association.release()
there = stored()
good = [path for path, status in statuses.items() if status == 0]
bad = {path.name for path, status in statuses.items() if status != 0}
check(len(good) > 30 and not bad,
      f"C-STORE takes {len(good)} files in {len({files[path][1] for path in good})} transfer syntaxes")
for path in good:
    _, syntax, uid = files[path]
    if uid not in there or there[uid][0] != syntax:
        check(False, f"{path.name} is kept in its transfer syntax")

# Storage commitment, reported on an association of its own.
reports = []


def report(event):
    reports.append((event.request.EventTypeID, event.event_information))
    return 0, None


waiting = AE("PYNET")
waiting.add_supported_context(StorageCommitmentPushModel, scu_role=False, scp_role=True)
place = waiting.start_server(("127.0.0.1", moved_port), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, report)])
association = ae.associate(*peer, ae_title="LIGHTBOX", evt_handlers=[(evt.EVT_N_EVENT_REPORT, report)])
request = pydicom.Dataset()
request.TransactionUID = pydicom.uid.generate_uid()
request.ReferencedSOPSequence = []
for uid in [*list(sent)[:3], "1.2.3.4.5"]:
    item = pydicom.Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = DigitalXRayImageStorageForPresentation, uid
    request.ReferencedSOPSequence.append(item)
status, _ = association.send_n_action(request, 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance)
for _ in range(200):
    if reports:
        break
    time.sleep(0.05)
association.release()
place.shutdown()
check(status.Status == 0 and len(reports) == 1 and reports[0][0] == 2, "storage commitment reports what is missing")
failed = {str(item.ReferencedSOPInstanceUID) for item in reports[0][1].FailedSOPSequence}
check("1.2.3.4.5" in failed, "and names it")

# Lightbox calls DCMTK
archive_port = free_port()
database = home / "archive"
database.mkdir()
(home / "dcmqrscp.cfg").write_text(f"""NetworkTCPPort = {archive_port}
MaxPDUSize = 131072
MaxAssociations = 16
HostTable BEGIN
lightbox = (LIGHTBOX, 127.0.0.1, {port})
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
ARCHIVE {database} RW (200, 1024mb) ANY
AETable END
""")
start(archive_port, "dcmqrscp", "-c", home / "dcmqrscp.cfg")
archive = f"ARCHIVE@127.0.0.1:{archive_port}"
lightbox("dicom", "echo", archive)
check(True, "dicom echo reaches dcmqrscp")
lightbox("dicom", "send", films, "--to", archive)
check(data_sets(database) == sent, "dicom send brings every instance to dcmqrscp as it was")
lines = lightbox("dicom", "find", archive, "-k", "StudyInstanceUID", "--json")
check(all(uid in lines for uid in studies), "dicom find finds every study there")
lightbox("dicom", "get", archive, "-k", f"StudyInstanceUID={first.StudyInstanceUID}", "--store", "test/fetched")
check(stored("test/fetched") == ours, "dicom get fetches a study as it was")
other_port = free_port()
listen(other_port, store="test/moved")
(home / "dcmqrscp.cfg").write_text((home / "dcmqrscp.cfg").read_text().replace(f"127.0.0.1, {port}", f"127.0.0.1, {other_port}"))
processes[-2].kill()
processes[-2].wait()
start(archive_port, "dcmqrscp", "-c", home / "dcmqrscp.cfg")
lightbox("dicom", "move", archive, "-k", f"StudyInstanceUID={first.StudyInstanceUID}", "--destination", "LIGHTBOX")
check(stored("test/moved") == ours, "dicom move has dcmqrscp send a study to lightbox")

# Lightbox asks pynetdicom's provider, which keeps all but one, to commit itself.
commit_port = free_port()
unkept = sorted(sent)[0]


def commit(event):
    items = event.action_information.ReferencedSOPSequence
    report = pydicom.Dataset()
    report.TransactionUID = event.action_information.TransactionUID
    report.ReferencedSOPSequence = [item for item in items if item.ReferencedSOPInstanceUID != unkept]
    report.FailedSOPSequence = [item for item in items if item.ReferencedSOPInstanceUID == unkept]
    for item in report.FailedSOPSequence:
        item.FailureReason = 0x0112

    def tell():
        time.sleep(0.2)  # until the request itself is answered
        with without_reactor(event.assoc):
            event.assoc.send_n_event_report(report, 2, StorageCommitmentPushModel, StorageCommitmentPushModelInstance)

    threading.Thread(target=tell).start()
    return 0, None


keeper = AE("KEEPER")
keeper.add_supported_context(StorageCommitmentPushModel)
place = keeper.start_server(("127.0.0.1", commit_port), block=False, evt_handlers=[(evt.EVT_N_ACTION, commit)])
done = subprocess.run([pathlib.Path(PROGRAM).resolve(), "dicom", "commit", str(films), "--to", f"KEEPER@127.0.0.1:{commit_port}", "--json",
                       "--home", str(home)], capture_output=True, text=True, cwd=home)
place.shutdown()
told = json.loads(done.stdout)
check(told["written"] == len(sent) - 1 and len(told["problems"]) == 1 and unkept in told["problems"][0]["source"],
      "dicom commit tells what pynetdicom keeps and what not")

# Over TLS
run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", home / "key.pem", "-out", home / "cert.pem",
    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
tls_port = free_port()
listen(tls_port, "--tls", "--tls-certificate", home / "cert.pem", "--tls-key", home / "key.pem", store="test/tls")
run("storescu", "+tla", "-ic", "-aec", "LIGHTBOX", "+sd", "+r", "+sp", "*.dcm", "127.0.0.1", tls_port, films)
check(stored("test/tls") == sent, "storescu over TLS")
lightbox("dicom", "echo", f"LIGHTBOX@localhost:{tls_port}", "--tls", "--tls-trust", home / "cert.pem")
lightbox("dicom", "echo", f"LIGHTBOX@localhost:{tls_port}", "--tls", fails=True)
check(True, "dicom echo over TLS, and not to whom nobody trusts")
run("echoscu", "-aec", "LIGHTBOX", "127.0.0.1", tls_port, fails=True)
check(True, "nobody speaks without TLS there")

# Killed while it stores: what was acknowledged is there.
kill_port = free_port()
victim = listen(kill_port, store="test/killed")
acknowledged = []
contexts = [build_context(sop_class, syntax) for syntax in {syntax for syntax, _ in sent.values()}
            for sop_class in (DigitalXRayImageStorageForPresentation, ComputedRadiographyImageStorage)]
association = AE("PYNET").associate("127.0.0.1", kill_port, contexts, ae_title="LIGHTBOX")
for number, path in enumerate(sorted(films.rglob("*.dcm"))):
    if number == 7:
        victim.send_signal(signal.SIGKILL)
        break
    try:
        if association.send_c_store(path).Status == 0:
            acknowledged.append(str(pydicom.filereader.read_file_meta_info(path).MediaStorageSOPInstanceUID))
    except ValueError:
        continue
victim.wait()
there = stored("test/killed")
check(len(acknowledged) > 0 and all(there.get(uid) == sent[uid] for uid in acknowledged),
      f"{len(acknowledged)} acknowledged instances survive kill -9")
lightbox("dicom", "verify", "--store", "test/killed")
check(True, "and the store is whole")
