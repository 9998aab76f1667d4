/// Which services to propose so that instances can be sent: each kind as it is stored, and uncompressed besides.
///
/// An association has at most 128 proposals (their numbers are odd and below 256); what needs more is sent over
/// several, one after the other.
struct PresentationPlan<Item> {
    var contexts: [PresentationProposal]
    var items: [Item]
}

extension PresentationPlan {

    static func batches(of items: [Item], key: (Item) -> OutgoingInstance) -> [PresentationPlan] {
        var order: [String] = []
        var byClass: [String: (syntaxes: [String], items: [Item])] = [:]
        for item in items {
            let instance = key(item)
            if byClass[instance.sopClass] == nil { order.append(instance.sopClass) }
            byClass[instance.sopClass, default: ([], [])].items.append(item)
            if byClass[instance.sopClass]?.syntaxes.contains(instance.transferSyntax) == false {
                byClass[instance.sopClass]?.syntaxes.append(instance.transferSyntax)
            }
        }
        var batches: [PresentationPlan] = []
        var current = PresentationPlan(contexts: [], items: [])
        for sopClass in order {
            guard let (syntaxes, items) = byClass[sopClass] else { continue }
            let proposals =
                syntaxes.filter { $0 != OutgoingInstance.fallbacks[0] }.map { [$0] } + [OutgoingInstance.fallbacks]
            if current.contexts.count + proposals.count > 128 {
                batches.append(current)
                current = PresentationPlan(contexts: [], items: [])
            }
            for proposal in proposals.prefix(128) {
                current.contexts.append(
                    PresentationProposal(
                        id: UInt8(2 * current.contexts.count + 1), abstractSyntax: sopClass,
                        transferSyntaxes: proposal))
            }
            current.items += items
        }
        return current.items.isEmpty ? batches : batches + [current]
    }
}
