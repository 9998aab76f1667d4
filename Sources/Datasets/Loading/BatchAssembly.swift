import Foundation
import LightboxCore

/// A batch that several threads fill, each its own places.
final class BatchAssembly: @unchecked Sendable {
    // Unchecked: places are disjoint, and everything else is touched only with `lock` held; `values` are read
    // after every place has been reported done.
    let count: Int
    private let sampleCount, heatmapCount: Int
    private let memory: UnsafeMutablePointer<Float>
    private let heatmapMemory: UnsafeMutablePointer<Float>
    private let lock = NSLock()
    private var open: Int
    /// Which sample stands in each place; nil where it was left out.
    private var indices: [Int?]
    private var finished: (values: [Float], heatmaps: [Float])?

    init(count: Int, sampleCount: Int, heatmapCount: Int) {
        self.count = count
        self.sampleCount = sampleCount
        self.heatmapCount = heatmapCount
        memory = .allocate(capacity: count * sampleCount)
        heatmapMemory = .allocate(capacity: max(1, count * heatmapCount))
        open = count
        indices = Array(repeating: nil, count: count)
    }

    deinit {
        memory.deallocate()
        heatmapMemory.deallocate()
    }

    func place(_ slot: Int) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: memory + slot * sampleCount, count: sampleCount)
    }

    func heatmapPlace(_ slot: Int) -> UnsafeMutableBufferPointer<Float>? {
        guard heatmapCount > 0 else { return nil }
        return UnsafeMutableBufferPointer(start: heatmapMemory + slot * heatmapCount, count: heatmapCount)
    }

    /// Reports a place as filled; the thread that reports the last one also copies the batch out.
    func done(_ slot: Int, index: Int?) {
        let isLast = lock.withLock {
            indices[slot] = index
            open -= 1
            return open == 0
        }
        guard isLast else { return }
        let result = (gathered(memory, sampleCount), gathered(heatmapMemory, heatmapCount))
        lock.withLock { finished = result }
    }

    /// The places that were filled, without gaps.
    private func gathered(_ memory: UnsafeMutablePointer<Float>, _ each: Int) -> [Float] {
        let filled = indices.indices.filter { indices[$0] != nil }
        guard each > 0 else { return [] }
        return [Float](unsafeUninitializedCapacity: filled.count * each) { output, initialized in
            if filled.count == count {
                output.baseAddress!.update(from: memory, count: count * each)
            } else {
                for (place, slot) in filled.enumerated() {
                    (output.baseAddress! + place * each).update(from: memory + slot * each, count: each)
                }
            }
            initialized = filled.count * each
        }
    }

    /// The whole batch, once every place was reported done.
    func result() -> (values: [Float], heatmaps: [Float], indices: [Int]) {
        lock.withLock {
            let finished = finished ?? ([], [])
            return (finished.values, finished.heatmaps, indices.compactMap { $0 })
        }
    }
}
