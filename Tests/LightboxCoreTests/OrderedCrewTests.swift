import Foundation
import LightboxCore
import Testing

@Suite("A crew of threads, asked for results") struct OrderedCrewTests {
    @Test("Gives results in the order of the items, and nil when nothing is under way", arguments: [1, 4])
    func order(threads: Int) throws {
        let crew = OrderedCrew<Int, Int>(threads: threads) { item in
            if item % 3 == 0 { usleep(300) }
            return item * item
        }
        #expect(try crew.next() == nil)
        for item in 0..<50 { crew.add(item) }
        #expect(crew.underWay == 50)
        for item in 0..<50 { #expect(try crew.next() == item * item) }
        #expect(try crew.next() == nil)
    }

    @Test("After dropping, only new items are answered") func dropping() throws {
        let crew = OrderedCrew<Int, Int>(threads: 3) { item in
            usleep(200)
            return item
        }
        for round in 0..<20 {
            for item in 0..<30 { crew.add(1000 * round + item) }
            #expect(try crew.next() == 1000 * round)
            crew.drop()
            #expect(crew.underWay == 0)
        }
        crew.add(-1)
        #expect(try crew.next() == -1)
    }

    @Test("An error belongs to its item; the next one is answered") func failure() throws {
        struct Failed: Error {}
        let crew = OrderedCrew<Int, Int>(threads: 2) { item in
            if item == 1 { throw Failed() }
            return item
        }
        for item in 0..<3 { crew.add(item) }
        #expect(try crew.next() == 0)
        #expect(throws: Failed.self) { try crew.next() }
        #expect(try crew.next() == 2)
    }
}
