import ArgumentParser
import LightboxCore
import Pipelines

/// What `--model FILE.h5` does not say of itself; `--labels` stands with each command.
struct KerasFileArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Of a Keras file: what its images' pixels are scaled to: zero-to-one, minus-one-to-one, "
                + "imagenet-standardised, caffe or none.", valueName: "scaling"))
    var scaling: Preprocessing.Scaling?
    @Option(
        help: ArgumentHelp(
            "Of a Keras file that leaves its input's size open: height,width,channels.", valueName: "shape"))
    var shape: ImageShape?

    func facts(labels: String?) throws -> KerasModelFacts {
        try KerasModelFacts(labels: labels, scaling: scaling, shape: shape)
    }
}
