"""PyTorch's half of the training row of `make bench`: DenseNet121, 320 × 320 × 1, batch 8, JSON lines out.

    python train.py [SECONDS] [THREADS] [PRECISION]     PRECISION: bf16 (autocast, the default) or f32

Needs torch 2.15. Weights and images are made up: the speed does not depend on them. The settings are PyTorch's
own best on a processor: channels_last, autocast to bfloat16, fused Adam, gradients set to none.
"""
import json
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

BATCH, SIZE, CLASSES = 8, 320, 14


class DenseLayer(nn.Module):
    def __init__(self, channels, growth=32):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels, eps=1.001e-5)
        self.conv1 = nn.Conv2d(channels, 4 * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(4 * growth, eps=1.001e-5)
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, x):
        narrow = self.conv1(F.relu(self.norm1(x), inplace=True))
        grown = self.conv2(F.relu(self.norm2(narrow), inplace=True))
        return torch.cat([x, grown], 1)


class Transition(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, eps=1.001e-5)
        self.conv = nn.Conv2d(channels, channels // 2, 1, bias=False)

    def forward(self, x):
        return F.avg_pool2d(self.conv(F.relu(self.norm(x), inplace=True)), 2)


class DenseNet(nn.Module):
    """Huang et al. 2016, table 1."""

    def __init__(self, blocks=(6, 12, 24, 16), growth=32):
        super().__init__()
        self.conv = nn.Conv2d(1, 64, 7, stride=2, padding=3, bias=False)
        self.norm = nn.BatchNorm2d(64, eps=1.001e-5)
        layers, channels = [], 64
        for index, count in enumerate(blocks):
            for _ in range(count):
                layers.append(DenseLayer(channels, growth))
                channels += growth
            if index < len(blocks) - 1:
                layers.append(Transition(channels))
                channels //= 2
        self.layers = nn.Sequential(*layers)
        self.last_norm = nn.BatchNorm2d(channels, eps=1.001e-5)
        self.head = nn.Linear(channels, CLASSES)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.norm(self.conv(x)), inplace=True), 3, stride=2, padding=1)
        x = F.relu(self.last_norm(self.layers(x)), inplace=True)
        return self.head(x.mean((2, 3)))


def channels_last(x):
    """One channel counts as contiguous in both layouts, so `.contiguous(channels_last)` would do nothing."""
    n, c, h, w = x.shape
    return torch.empty_strided(x.shape, (c * h * w, 1, c * w, c)).copy_(x)


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10
    threads = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    precision = sys.argv[3] if len(sys.argv) > 3 else "bf16"
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    model = DenseNet().to(memory_format=torch.channels_last)
    model.conv.weight.data = channels_last(model.conv.weight.data)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=True)
    images = channels_last(torch.rand(BATCH, 1, SIZE, SIZE))
    targets = (torch.rand(BATCH, CLASSES) > 0.5).float()
    times = []
    begin = time.time()
    while len(times) < 4 or time.time() - begin < seconds:
        start = time.time()
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            logits = model(images)
        loss = F.binary_cross_entropy_with_logits(logits.float(), targets)
        loss.backward()
        optimizer.step()
        loss.item()
        times.append(time.time() - start)
    # The first steps choose kernels; of the others the quickest: other programs only ever make a step slower.
    rate = BATCH / min(times[2:])
    print(json.dumps({"name": f"train densenet121 {precision}", "value": rate, "unit": "images/s"}))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"name": f"train densenet121 {precision} peak memory", "value": peak, "unit": "MB"}))


main()
