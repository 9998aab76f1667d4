import Testing
import lightbox

@Suite("Processor facts") struct ProcessorFactsTests {
    @Test("Reads an x86-64 processor") func x86() {
        let facts = ProcessorFacts(
            cpuinfo: """
                processor\t: 0
                model name\t: Some CPU 9000
                flags\t\t: fpu sse2 avx2 avx512f avx512_bf16 avx512_vnni

                processor\t: 1
                model name\t: Some CPU 9000
                """)
        #expect(facts.model == "Some CPU 9000")
        #expect(facts.features == ["avx2", "avx512f", "avx512_vnni", "avx512_bf16"])
        #expect(facts.isFast && facts.hasBF16)
    }

    @Test("Reads a 64-bit Arm processor") func arm() {
        let facts = ProcessorFacts(cpuinfo: "Features\t: fp asimd asimddp i8mm bf16\nCPU part\t: 0xd40\n")
        #expect(facts.model == "Arm part 0xd40")
        #expect(facts.features == ["asimd", "asimddp", "i8mm", "bf16"])
        #expect(facts.isFast && facts.hasBF16)
    }

    @Test("Knows nothing where nothing is said") func empty() {
        let facts = ProcessorFacts(cpuinfo: "")
        #expect(facts.model == "unknown" && !facts.isFast && !facts.hasBF16)
    }

    @Test("Reads a container's quota", arguments: [("150000 100000\n", 1.5), ("max 100000\n", nil), ("", nil)])
    func quota(text: String, cores: Double?) { #expect(ProcessorFacts.quota(cpuMax: text) == cores) }
}

@Suite("Checks") struct CheckTests {
    @Test("Finds libraries among what is loaded") func maps() {
        let checks = Check.linkedLibraries(
            maps: """
                7f00-7f01 r-xp 00000000 fe:00 1  /usr/lib/libdcmdata.so.3.6.7
                7f01-7f02 r--p 00000000 fe:00 1  /usr/lib/libdcmdata.so.3.6.7
                7f02-7f03 rw-p 00000000 00:00 0
                7f03-7f04 r-xp 00000000 fe:00 2  /usr/lib/libz.so.1.2.13
                """)
        #expect(checks.map(\.name) == ["DCMTK", "zlib"])
        #expect(checks[0].found == "/usr/lib/libdcmdata.so.3.6.7")
    }

    @Test("Aligns its lines, the remedy below") func text() {
        let text = Check.text([
            Check("disk", .ok, "9 GB free"), Check("OpenVINO", .missing, "gone", remedy: "Get it."),
        ])
        #expect(
            text == """
                ok      disk      9 GB free
                MISSING OpenVINO  gone
                                  Get it.
                """)
    }
}
