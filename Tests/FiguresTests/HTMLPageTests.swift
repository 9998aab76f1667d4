import Evaluation
import Figures
import Foundation
import Testing

@Suite("HTML page") struct HTMLPageTests {
    @Test("Is well-formed and escapes everything") func wellFormed() throws {
        let html = Samples.page.html()
        let words = try #require(wordsOfXML(html))
        for text in [
            "Training <densenet121> & \"heads\"", "2 labels have <no> positive case.", "a<b>&c",
            "Loss of each epoch.",
            "lightbox train classifier --network densenet121 --uncertain 'u=0.4,w=0.75'", HTMLPage.disclaimer,
        ] {
            #expect(words.contains(text), "\(text)")
        }
        #expect(!html.contains("<densenet121>") && !html.contains("<b>&"))
    }

    @Test("Needs no network and no script") func selfContained() {
        let html = Samples.page.html()
        for word in ["<script", "<link", "src=\"http", "href=\"http", "url(", "@import"] {
            #expect(!html.contains(word), "\(word)")
        }
        #expect(html.contains("default-src 'none'"))
    }

    @Test("Figures follow the scheme; numbers stand to the right") func schemes() {
        let html = Samples.page.html()
        #expect(html.contains("prefers-color-scheme: dark") && html.contains("@media print"))
        #expect(html.contains("stroke=\"var(--series-0)\"") && html.contains("fill=\"currentColor\""))
        #expect(html.contains("<td class=\"number\">12,345</td>") && html.contains("<td>edema</td>"))
        #expect(!html.contains("--series-7"))
    }

    @Test("An evaluation's page has every label, its intervals, and why a number is missing") func evaluation()
        throws
    {
        let (evaluation, comparison) = SampleEvaluation.labels(6)
        let html = EvaluationPage(evaluation, comparisons: [comparison], remarks: ["Made in a test."]).page()
            .html()
        let words = try #require(wordsOfXML(html))
        for label in evaluation.labels { #expect(words.contains(label.label)) }
        #expect(words.contains("lung_lesion: AUC is not defined, as there is no positive case."))
        #expect(words.contains { $0.hasPrefix("lung_lesion: not compared") })
        #expect(words.contains("95 % interval") && words.contains("Made in a test."))
        #expect(words.contains(HTMLPage.disclaimer))
    }

    @Test("A model of classes gets its accuracy and confusion") func classes() throws {
        let evaluation = SampleEvaluation.classes
        let words = try #require(wordsOfXML(EvaluationPage(evaluation).page().html()))
        #expect(words.contains("Accuracy") && words.contains("Prediction") && words.contains("no label"))
        #expect(words.contains("Each class against the rest"))
    }
}
