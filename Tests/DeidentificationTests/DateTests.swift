import DICOM
import Deidentification
import Foundation
import LightboxCore
import Testing

@Suite("Moved dates") struct DateTests {
    private func moved(_ tag: DICOM.Tag, _ value: String, patient: String = "4711") throws -> String? {
        let dataSet = DataSet([
            .text(.sopClassUID, "1.2.3"), .text(.patientID, patient), .text(tag, value),
        ])
        return try Deidentifier(options: [.retainModifiedDates], key: .test).apply(to: DICOMFile(dataSet: dataSet))
            .file.dataSet.strings(tag).joined(separator: "\\")
    }

    private static func day(_ text: String) throws -> Int {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: "UTC")!
        let number = try #require(Int(text))
        let parts = DateComponents(year: number / 10_000, month: number / 100 % 100, day: number % 100)
        let date = try #require(calendar.date(from: parts))
        // The date has to be one: no 31 February.
        let back = calendar.dateComponents([.year, .month, .day], from: date)
        #expect(back.year! * 10_000 + back.month! * 100 + back.day! == number)
        return Int((date.timeIntervalSince1970 / 86_400).rounded())
    }

    @Test("What lies between two dates stays, over leap years and centuries") func intervals() throws {
        var generator = SeededGenerator(seed: 1)
        let shift = try Self.day(#require(try moved(.studyDate, "20000301"))) - Self.day("20000301")
        #expect((-3652 ... -30).contains(shift))
        for _ in 0..<400 {
            let year = Int.random(in: 1600...2100, using: &generator)
            let month = Int.random(in: 1...12, using: &generator)
            let day = Int.random(in: 1...28, using: &generator)
            let date = String(format: "%04d%02d%02d", year, month, day)
            let new = try #require(try moved(.studyDate, date))
            #expect(try Self.day(new) - Self.day(date) == shift)
        }
        for date in ["20000229", "19000228", "20231231", "20240101"] {
            #expect(try Self.day(#require(try moved(.studyDate, date))) - Self.day(date) == shift)
        }
    }

    @Test("Each patient has days of his own") func patients() throws {
        let days = try Set((0..<50).map { try moved(.studyDate, "20200615", patient: "\($0)") })
        #expect(days.count > 45)
    }

    @Test("Times of day stay, dates and times move together") func dateTimes() throws {
        let date = try #require(try moved(.studyDate, "20200615"))
        #expect(try moved(Tag(0x0008, 0x002a), "20200615101112.25+0100") == date + "101112.25+0100")
        #expect(try moved(.studyTime, "101112.25") == "101112.25")
        #expect(try moved(Tag(0x0008, 0x0022), "20200615\\20200615") == date + "\\" + date)
        #expect(try moved(.studyDate, "2020.06.15") == date)
        #expect(try moved(Tag(0x0008, 0x002a), "2020")?.count == 4)
        // No date, so what the basic profile does.
        #expect(try moved(.studyDate, "20209999") == "")
    }
}
