#!/usr/bin/env python3
"""Lightbox's pages in a real browser: from an upload to the prediction and its overlay, a job's live progress.

    Tests/Browser/test_pages.py --address http://127.0.0.1:8080 --model chest \\
        [--records 'films/*.tfrecord' --output predictions] [--dicom film.dcm] [--case images/level-0001.png]

The model makes heat maps; predicting for the records takes it some seconds.
"""

import argparse
import ast
import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile
import urllib.request
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from webdriver import ENTER, HOME, RIGHT, TAB, BrowserTest, run  # noqa: E402

options = argparse.Namespace()


def png(width, height):
    """A grey picture with a slope in it."""
    rows = b"".join(b"\0" + bytes((x + 2 * y) % 256 for x in range(width)) for y in range(height))

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Pages(BrowserTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = tempfile.TemporaryDirectory()
        cls.images = []
        for number in range(2):
            path = os.path.join(cls.folder.name, f"it's film {number}.png")
            with open(path, "wb") as file:
                file.write(png(160 + 40 * number, 120))
            cls.images.append(path)

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.folder.cleanup()

    def open(self, path):
        self.browser.open(options.address + path)

    def predict(self, *files):
        """Uploads and waits for the answers."""
        self.open("/predict?model=" + options.model)
        self.browser.type("#files", "\n".join(files))
        self.browser.wait(
            "an answer for every image",
            "document.querySelectorAll('.result[data-state=done], .result[data-state=failed]').length === arguments[0]",
            len(files), seconds=60)

    def test_upload_gives_picture_scores_and_overlay(self):
        self.predict(*self.images)
        browser = self.browser
        self.assertEqual(browser.count(".result[data-state=done]"), 2, browser.text("#results"))
        browser.wait("the pictures", "[...document.querySelectorAll('.image')].every((image) => image.naturalWidth > 0)")
        self.assertEqual(browser.script("return document.querySelector('.result:nth-child(2) .image').naturalWidth"), 200)
        self.assertGreaterEqual(browser.count(".result:first-child .scores li"), 1)
        shares = browser.script(
            "return [...document.querySelectorAll('.result:first-child .bar i')]"
            ".map((bar) => bar.getBoundingClientRect().width / bar.parentElement.getBoundingClientRect().width)")
        self.assertTrue(all(0 <= share <= 1.001 for share in shares), shares)
        browser.wait("the overlay", "document.querySelector('.overlay')?.naturalWidth > 0")
        sizes = browser.script(
            "return ['.image', '.overlay'].map((name) => { const box = document.querySelector(name)"
            ".getBoundingClientRect(); return [box.x, box.y, box.width, box.height].map(Math.round); })")
        self.assertEqual(sizes[0], sizes[1], "the heat map covers the picture")
        self.assertIn(".png", browser.text("#summary"))

    def test_nearest_known_cases_are_shown_with_their_pictures(self):
        if not options.case:
            self.skipTest("needs --case")
        self.predict(options.case)
        browser = self.browser
        self.assertEqual(browser.count(".nearest:not([hidden]) li"), 3, browser.text("#results"))
        name = os.path.basename(options.case)
        first = browser.text(".nearest li:first-child")
        self.assertIn(name, first)
        self.assertIn(name.split("-")[0], first.replace(name, ""), "its label stands beside it")
        self.assertIn("similarity 1.000", first)
        browser.wait(
            "the cases' pictures",
            "[...document.querySelectorAll('.nearest img')].filter((image) => image.naturalWidth === 64).length === 3")

    def test_the_card_says_how_far_to_trust_the_answer(self):
        if not options.case:
            self.skipTest("needs --case")
        self.predict(options.case)
        browser = self.browser
        self.assertIn("Like what the model was made from", browser.text(".novelty"))
        browser.script("document.querySelector('.proof summary').click()")
        rows = browser.script(
            "return [...document.querySelectorAll('.proof tr')].slice(1).map((row) => [...row.cells].map((cell) => cell.textContent))")
        self.assertEqual({row[0] for row in rows}, {"level", "upright", "none of these"} & {row[0] for row in rows})
        self.assertRegex(rows[0][1], r"^\d+(\.\d)? % \(.*–.* %\).* of \d+ with such a score$")
        with open(options.case, "rb") as file:
            image = file.read()
        self.assertIn(hashlib.sha256(image).hexdigest(), browser.text(".proof"))
        # The file that the page keeps is the card that the page shows.
        request = urllib.request.Request(f"{options.address}/answers/{options.model}", image)
        with urllib.request.urlopen(request) as answer:
            self.assertIn(json.load(answer)["sha256"], browser.text(".proof"))
        for form in ("pdf", "html", "json"):
            browser.script(f"document.querySelector('[data-card={form}]').click()")
            browser.wait(f"the {form}", f"document.querySelector('.copied').textContent.endsWith('-card.{form} is kept.')")
        self.assertTrue(browser.script("return document.querySelector('[data-card=dicom]').hidden"))

    def test_slider_fades_the_overlay_by_keyboard(self):
        self.predict(self.images[0])
        browser = self.browser
        opacity = "return Number(getComputedStyle(document.querySelector('.overlay')).opacity)"
        self.assertAlmostEqual(browser.script(opacity), 0.55)
        browser.script("document.querySelector('.heat input').focus()")
        browser.press(HOME)
        self.assertEqual(browser.script(opacity), 0)
        browser.press(RIGHT)
        self.assertAlmostEqual(browser.script(opacity), 0.05)
        self.assertEqual(browser.text(".heat output"), "5 %")

    def test_dicom_is_rendered_by_the_server(self):
        if not options.dicom:
            self.skipTest("needs --dicom")
        self.predict(options.dicom)
        self.assertEqual(self.browser.count(".result[data-state=done]"), 1, self.browser.text("#results"))
        self.browser.wait("the picture", "document.querySelector('.image').naturalWidth > 0")

    def test_a_file_that_is_no_image_spoils_only_its_own_card(self):
        path = os.path.join(self.folder.name, "notes.txt")
        with open(path, "w") as file:
            file.write("no image")
        self.predict(path, self.images[0])
        self.assertEqual(self.browser.count(".result[data-state=done]"), 1)
        self.assertEqual(self.browser.count(".result[data-state=failed] .state.problem"), 1)
        self.assertIn("image", self.browser.text(".result[data-state=failed] .state"))

    def test_copied_calls_work(self):
        self.predict(self.images[0])
        scores = {}
        for kind, command in (("curl", ["bash", "-c"]), ("python", [sys.executable, "-c"])):
            self.browser.click(f"[data-copy={kind}]")
            source = self.browser.wait("the text", "document.querySelector('.result').dataset.copied")
            self.browser.wait("what was done", "document.querySelector('.copied').textContent")
            ran = subprocess.run(
                command + [source], cwd=self.folder.name, capture_output=True, text=True, timeout=60)
            self.assertEqual(ran.returncode, 0, source + ran.stderr)
            answer = json.loads(ran.stdout)["predictions"][0] if kind == "curl" else ast.literal_eval(ran.stdout)
            scores[kind] = answer["scores"]
            self.browser.script("delete document.querySelector('.result').dataset.copied")
        self.assertEqual(scores["curl"], scores["python"])

    def test_job_is_followed_to_its_end(self):
        if not options.records or not options.output:
            self.skipTest("needs --records and --output")
        browser = self.browser
        job = f"browser_{os.getpid()}"
        work = {
            "dataFormat": "TF_RECORD", "inputPaths": [options.records], "outputPath": options.output,
            "region": "us-central1", "modelName": "projects/lightbox/models/" + options.model, "batchSize": "4"}
        body = json.dumps({"jobId": job, "predictionInput": work}).encode()
        urllib.request.urlopen(urllib.request.Request(
            options.address + "/v1/projects/lightbox/jobs", body, {"Content-Type": "application/json"})).close()
        self.open("/jobs/" + job)
        self.assertEqual(browser.script("return document.getElementById('job').dataset.final"), "false")
        browser.wait("progress", "document.getElementById('job').dataset.updates > 1", seconds=60)
        browser.wait("the end", "document.getElementById('job').dataset.ended", seconds=240)
        self.assertIn("succeeded", browser.text("[data-part=state]"))
        self.assertGreater(browser.count("#log li"), 0)
        self.assertEqual(browser.script("return document.querySelector('[data-part=progress] progress')?.position ?? 1"), 1)
        self.assertEqual(browser.count("[data-part=cancel] button"), 0)
        self.open("/jobs")
        self.assertIn(job, browser.text("#jobs-table"))

    def test_deleting_asks_first(self):
        browser = self.browser
        self.open("/models/" + options.model)
        browser.click("td a[href*='/versions/']")
        browser.wait("the version", "location.pathname.includes('/versions/')")
        self.assertIn("SHA-256", browser.text("main"))
        browser.click("button.danger[data-call]")
        self.assertTrue(browser.script("return document.getElementById('confirm').open"))
        browser.click("#confirm-no")
        self.assertFalse(browser.script("return document.getElementById('confirm').open"))

    def test_keyboard_reaches_the_content_and_the_files(self):
        browser = self.browser
        self.open("/predict")
        browser.press(TAB)
        self.assertEqual(browser.script("return document.activeElement.className"), "skip")
        browser.press(ENTER)
        for _ in range(4):
            browser.press(TAB)
            if browser.script("return document.activeElement.id") == "files":
                break
        self.assertEqual(browser.script("return document.activeElement.id"), "files")
        self.assertIn("solid", browser.script("return getComputedStyle(document.activeElement).outlineStyle"))

    def test_every_page_fits_a_phone_in_light_and_dark(self):
        browser = self.browser
        browser.resize(360, 740)
        paths = ["/", "/predict", "/models", "/models/" + options.model, "/jobs", "/labels", "/stores"]
        papers = {}
        for scheme in ("light", "dark"):
            browser.devtools("Emulation.setEmulatedMedia", {
                "features": [{"name": "prefers-color-scheme", "value": scheme}]})
            for path in paths:
                with self.subTest(path=path, scheme=scheme):
                    self.open(path)
                    width = browser.script("return document.documentElement.scrollWidth")
                    self.assertLessEqual(width, 360)
                    self.assertIn("not a medical device", browser.text("footer"))
                    self.assertEqual(browser.count("main"), 1)
            papers[scheme] = browser.script("return getComputedStyle(document.body).backgroundColor")
        self.assertNotEqual(papers["light"], papers["dark"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="a model with a ready version that makes heat maps")
    parser.add_argument("--records", help="TFRecord files of images for a job: a pattern")
    parser.add_argument("--output", help="the folder that the job is to write into")
    parser.add_argument("--case", help="an image of a known case that is attached to the model, called LABEL-….png")
    parser.add_argument("--dicom", help="a DICOM file")
    run(Pages, parser, options)
