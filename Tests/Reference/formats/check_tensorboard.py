"""TensorBoard 2.21 reads the event files of `tensorboard/` that Lightbox wrote: its loaders and its plug-ins' data.

Run in this folder: python check_tensorboard.py
"""
import os
import shutil
import tempfile

import numpy as np
from tensorboard.backend.event_processing import data_ingester, plugin_event_accumulator
from tensorboard.backend.event_processing import event_accumulator, event_file_loader
from tensorboard.plugins import base_plugin
from tensorboard.context import RequestContext
from tensorboard.plugins.hparams import api_pb2, backend_context, get_experiment, list_session_groups
from tensorboard.util import tensor_util

folder = tempfile.mkdtemp()
run = os.path.join(folder, "zeros")
os.mkdir(run)
for number, name in enumerate(["first", "second"]):
    path = os.path.join(run, f"events.out.tfevents.{1700000000 + number}.lightbox.1.0")
    shutil.copyfile(f"tensorboard/{name}.tfevents", path)
    events = list(event_file_loader.EventFileLoader(path).Load())
    print(name, len(events), "events")

# The older reader that scripts use. The second file goes on from step 2: steps 2 and 3 of the first are dropped.
old = event_accumulator.EventAccumulator(run)
old.Reload()
assert [(e.step, e.value) for e in old.Scalars("loss")] == [
    (step, np.float32(1) / np.float32(index + 1)) for step, index in [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]]
assert np.isnan(old.Scalars("epoch/auc")[-1].value) and len(old.Scalars("epoch/auc")) == 1

new = plugin_event_accumulator.EventAccumulator(run)
new.Reload()
assert set(new.PluginTagToContent("scalars")) == {"loss", "rate", "epoch/auc"}, new.Tags()
assert [e.step for e in new.Tensors("loss")] == [0, 1, 2, 3, 4, 5]
(images,) = new.Tensors("examples")
width, height, *files = tensor_util.make_ndarray(images.tensor_proto).tolist()
assert (width, height, len(files)) == (b"1", b"1", 2) and files[0].startswith(b"\x89PNG")
assert new.SummaryMetadata("examples").summary_description == "two **films**"
assert set(new.PluginTagToContent("images")) == {"examples"} and set(new.PluginTagToContent("text")) == {"notes"}
text = tensor_util.make_ndarray(new.Tensors("notes")[0].tensor_proto).item().decode()
assert text == "# Ein Lauf\n\n*größer*"


# The hyper-parameter table, as its page asks for it.
class Flags:
    def __getattr__(self, _):
        return None


flags = Flags()
flags.logdir, flags.reload_multifile, flags.samples_per_plugin = folder, False, {}
flags.max_reload_threads, flags.purge_orphaned_data, flags.reload_interval = 1, True, 0
ingester = data_ingester.LocalDataIngester(flags)
ingester._multiplexer.AddRunsFromDirectory(folder)
ingester._multiplexer.Reload()
provider = ingester.data_provider
context = backend_context.Context(base_plugin.TBContext(data_provider=provider, logdir=folder))
rc = RequestContext()
experiment = get_experiment.Handler(rc, context, "", api_pb2.GetExperimentRequest(
    experiment_name="", include_metrics=True)).run()
assert sorted(info.name for info in experiment.hparam_infos) == ["batch", "flip", "optimizer/kind", "policy", "rates"]
assert [info.name.tag for info in experiment.metric_infos] == ["epoch/auc"]
request = api_pb2.ListSessionGroupsRequest(
    start_index=0, slice_size=10, allowed_statuses=[0, 1, 2, 3], include_metrics=True,
    col_params=[api_pb2.ColParams(metric=info.name) for info in experiment.metric_infos])
answer = list_session_groups.Handler(rc, context, "", request).run()
(group,) = answer.session_groups
assert group.name == "zeros" and group.hparams["batch"].number_value == 32 and group.hparams["flip"].bool_value is False
assert group.hparams["optimizer/kind"].string_value == "adam" and group.hparams["rates"].string_value == "[0.5,1]"
(session,) = group.sessions
assert session.status == api_pb2.STATUS_SUCCESS and session.start_time_secs == 1700000000
print("TensorBoard reads what Lightbox writes")
