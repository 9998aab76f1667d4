#!/usr/bin/env python3
"""The pages of studies in a real browser: search, the viewer's pixels, its mouse and keys, attributes, signing in.

    Tests/Browser/test_viewer.py --address http://127.0.0.1:8080 --store tests/made --model lines \\
        [--guarded http://127.0.0.1:8081 --reader SECRET --writer SECRET]

The store holds the files of make_dicom.py, whose pixels are known; the guarded server is another with the same store and
tokens. Expected grey values come from the formulas of PS3.3 C.11.2.1.2 and the formula of the pixels.
"""

import argparse
import base64
import json
import os
import sys
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import make_dicom as made  # noqa: E402
from webdriver import HOME, RIGHT, SHIFT, BrowserTest, run  # noqa: E402

options = argparse.Namespace()
STUDY = made.ROOT + ".1"


def grey(value, center, width):
    """LINEAR, rounded as the server rounds."""
    if value <= center - 0.5 - (width - 1) / 2:
        return 0
    if value > center - 0.5 + (width - 1) / 2:
        return 255
    return int(((value - (center - 0.5)) / (width - 1) + 0.5) * 255 + 0.5)


def expected(kind, center, width, z=0, size=(made.WIDTH, made.HEIGHT), slope=1, intercept=0, is_inverted=False):
    shades = [grey(made.stored(kind, x, y, z) * slope + intercept, center, width) for y in range(size[1]) for x in range(size[0])]
    return [255 - shade for shade in shades] if is_inverted else shades


def tomography(center, width, z=0):
    return expected("tomography", center, width, z, slope=made.SLOPE, intercept=made.INTERCEPT)


class Studies(BrowserTest):
    def study(self, series, more="", study=1):
        """Opens a series and waits until the viewer has drawn."""
        uid = f"{made.ROOT}.{study}"
        self.browser.open(f"{options.address}/stores/{options.store}/studies/{uid}?series={uid}.{series}{more}")
        self.drawn()

    def drawn(self, image=None):
        """Waits for a picture: `UID frame`."""
        self.browser.wait("the picture", "arguments[0] ? document.getElementById('viewer')?.dataset.drawn === arguments[0]"
                          " : document.getElementById('viewer')?.dataset.drawn", image)

    def canvas(self):
        return self.browser.script(
            "const canvas = document.getElementById('canvas'); if (canvas.hidden) return null;"
            "const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });"
            "copy.drawImage(canvas, 0, 0); const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);"
            "return Array.from({ length: data.length / 4 }, (_, index) => data[4 * index])")

    def window(self):
        text = self.browser.script("return document.getElementById('viewer').dataset.shownWindow")
        return tuple(float(number) for number in text.split(","))

    def middle(self):
        x, y, width, height = self.browser.box("#stage")
        return x + width // 2, y + height // 2

    # Lists

    def names(self):
        return self.browser.script("return [...document.querySelectorAll('#studies td:first-child a strong')].map((name) => name.textContent)")

    def test_search_finds_by_name_date_modality_and_number(self):
        browser = self.browser
        browser.open(options.address + "/stores")
        browser.click(f"a[href='/stores/{options.store}']")
        browser.wait("the studies", "document.querySelectorAll('#studies tbody tr').length === 2")
        self.assertEqual(self.names(), ["Phantom, Ada", "Kowalski, Jan (コワルスキ, ヤン)"], "the newest first")
        self.assertIn(made.MARKUP, browser.text("#studies"), "markup stays text")
        self.assertEqual(browser.count("#studies img"), 0)
        for field, words, found in [
                ("name", "kowal", ["Kowalski, Jan (コワルスキ, ヤン)"]), ("name", "ada", ["Phantom, Ada"]),
                ("patient", "LB-001", ["Phantom, Ada"]), ("modality", "ct", ["Phantom, Ada"]),
                ("accession", "A2", ["Kowalski, Jan (コワルスキ, ヤン)"]), ("name", "nobody", [])]:
            with self.subTest(field=field, words=words):
                browser.open(f"{options.address}/stores/{options.store}")
                browser.type("#" + field, words)
                browser.click("form.search button")
                browser.wait("the answer", "location.search.length > 1")
                self.assertEqual(self.names(), found)
                self.assertEqual(browser.script("return document.getElementById(arguments[0]).value.toLowerCase()", field), words.lower())
        browser.open(f"{options.address}/stores/{options.store}?from=2023-01-01&to=2023-12-31")
        self.assertEqual(len(self.names()), 1)
        browser.open(f"{options.address}/stores/{options.store}?sort=patient")
        self.assertEqual(self.names()[0], "Phantom, Ada", "LB-001 stands before LB-002")

    # Pixels

    def test_first_picture_is_the_servers_and_stands_without_scripts(self):
        browser = self.browser
        page = urllib.request.urlopen(f"{options.address}/stores/{options.store}/studies/{STUDY}").read().decode()
        address = page.split('id="plain" src="')[1].split('"')[0]
        with urllib.request.urlopen(options.address + address) as answer:
            self.assertEqual(answer.headers["Content-Type"], "image/jpeg")
        self.assertIn("Next image", page.split("<noscript>")[1])
        self.study(1)
        self.assertEqual(browser.script("return document.getElementById('plain').naturalWidth"), made.WIDTH)

    def test_pixels_are_those_of_the_file_by_its_own_window(self):
        self.study(1)
        self.assertEqual(self.window(), made.WINDOWS[0])
        self.assertEqual(self.canvas(), tomography(*made.WINDOWS[0]))
        self.assertEqual(self.browser.script("return document.getElementById('preset').selectedOptions[0].text"), "Mediastinum")
        self.assertIn("1 of 5", self.browser.text("#said-image"))

    def test_pixels_equal_the_servers_picture(self):
        self.study(1, "&window=100,900")
        self.assertEqual(self.canvas(), tomography(100, 900))
        theirs = self.browser.script(
            "return fetch(document.getElementById('png').href).then((answer) => answer.blob()).then(createImageBitmap).then((image) => {"
            "const canvas = new OffscreenCanvas(image.width, image.height); const context = canvas.getContext('2d');"
            "context.drawImage(image, 0, 0); const { data } = context.getImageData(0, 0, image.width, image.height);"
            "return Array.from({ length: data.length / 4 }, (_, index) => data[4 * index]); })")
        self.assertEqual(theirs, self.canvas())

    def test_white_at_zero_and_bits_of_an_overlay(self):
        self.study(4)
        low, high = 0, max(made.stored("film", x, y) for x in range(made.WIDTH) for y in range(made.HEIGHT))
        self.assertEqual(self.canvas(), expected("film", (low + high + 1) / 2, high - low + 1, is_inverted=True))
        self.assertIn("at the detector", self.browser.text("#scale"))

    def test_colours_come_from_the_server(self):
        self.study(3)
        self.assertIsNone(self.canvas())
        self.assertTrue(self.browser.wait("the picture", "document.getElementById('plain').naturalWidth === 32"))
        self.assertEqual(self.browser.text("#said-window"), "Colour")
        self.assertTrue(self.browser.script("return document.getElementById('center').disabled"))

    # Mouse and keys

    def test_drag_changes_the_window(self):
        self.study(1)
        before = self.canvas()
        self.browser.drag(self.middle(), (64, 32))
        center, width = self.window()
        self.assertAlmostEqual(width, 400 + 64 * 400 / 256, delta=2)
        self.assertAlmostEqual(center, 40 + 32 * 400 / 256, delta=2)
        self.assertNotEqual(self.canvas(), before)
        # The field and the address say it rounded; the pixels are of the window itself, at most one shade away.
        self.assertTrue(all(abs(left - right) <= 1 for left, right in zip(self.canvas(), tomography(center, width))))
        self.assertEqual(self.browser.script("return document.getElementById('preset').value"), "own")
        self.browser.script("document.getElementById('stage').dispatchEvent(new MouseEvent('dblclick', { bubbles: true }))")
        self.browser.wait("the file's window", "document.getElementById('viewer').dataset.shownWindow === '40,400'")
        self.assertEqual(self.canvas(), before)

    def test_wheel_goes_through_frames_and_keys_too(self):
        browser = self.browser
        self.study(2)
        uid = f"{STUDY}.2.1"
        size = {"size": (40, 30)}
        values = [made.stored("cine", x, y) for x in range(40) for y in range(30)]
        full = ((min(values) + max(values) + 1) / 2, max(values) - min(values) + 1)
        self.assertEqual(self.canvas(), expected("cine", *full, **size))
        x, y = self.middle()
        browser.wheel(x, y, 120)
        self.drawn(f"{uid} 2")
        self.assertEqual(self.canvas(), expected("cine", *full, z=1, **size))
        browser.wheel(x, y, -120)
        self.drawn(f"{uid} 1")
        browser.script("document.getElementById('stage').focus()")
        for _ in range(3):
            browser.press(RIGHT)
        self.drawn(f"{uid} 4")
        self.assertEqual(self.canvas(), expected("cine", *full, z=3, **size))
        browser.press("\ue010")  # End
        self.drawn(f"{uid} {made.FRAMES}")
        self.assertTrue(browser.script("return document.getElementById('next').disabled"))
        browser.press(HOME)
        self.drawn(f"{uid} 1")
        self.assertEqual(browser.script("return scrollY"), 0)

    def test_wheel_goes_through_slices_in_their_order(self):
        self.study(1)
        x, y = self.middle()
        for number in range(2, made.SLICES + 1):
            self.browser.wheel(x, y, 120)
            self.drawn(f"{STUDY}.1.{number} 1")
            self.assertEqual(self.canvas(), tomography(*made.WINDOWS[0], z=number - 1))

    def test_zoom_move_invert_and_windows(self):
        browser = self.browser
        self.study(1)
        x, y = self.middle()
        _, _, width, _ = browser.box("#film")
        browser.script("document.getElementById('stage').focus()")
        browser.press("+")
        self.assertAlmostEqual(browser.box("#film")[2], width * 1.25, delta=1)
        left = browser.box("#film")[0]
        browser.drag((x, y), (40, 0), key=SHIFT)
        self.assertAlmostEqual(browser.box("#film")[0], left + 40, delta=1)
        browser.drag((x, y), (-20, 0), button=1)
        self.assertAlmostEqual(browser.box("#film")[0], left + 20, delta=1)
        self.assertEqual(self.window(), made.WINDOWS[0], "moving leaves the window alone")
        plain = self.canvas()
        browser.press("i")
        browser.wait("the other way", "document.getElementById('invert').ariaPressed === 'true'")
        self.assertEqual(self.canvas(), [255 - value for value in plain])
        browser.press("r")
        browser.wait("the start", "document.getElementById('invert').ariaPressed === 'false'")
        self.assertEqual(browser.box("#film")[2], width)
        browser.click("#zoom-in")
        browser.press("r")
        self.assertEqual(browser.box("#film")[2], width, "letters work from the buttons, too")
        values = [value * made.SLOPE + made.INTERCEPT for value in
                  {made.stored("tomography", x, y) for x in range(made.WIDTH) for y in range(made.HEIGHT)}]
        full = ((min(values) + max(values) + 1) / 2, max(values) - min(values) + 1)
        for name, window in [("Wide", made.WINDOWS[1]), ("Bone", (400, 1800)), ("Lung", (-600, 1500)), ("Full range", full)]:
            browser.script(
                "const list = document.getElementById('preset'); list.value = [...list.options].find((option) => option.text === arguments[0]).value;"
                "list.dispatchEvent(new Event('change'))", name)
            browser.wait("the window", "document.getElementById('viewer').dataset.shownWindow === arguments[0]", "{:g},{:g}".format(*window))
            self.assertEqual(self.canvas(), tomography(*window), name)
        self.assertEqual((min(self.canvas()), max(self.canvas())), (0, 255))

    def test_value_under_the_pointer_and_the_ruler(self):
        browser = self.browser
        self.study(1)
        left, top, width, height = browser.box("#film")
        column, row = 10, 20
        browser.hover(left + int((column + 0.5) * width / made.WIDTH), top + int((row + 0.5) * height / made.HEIGHT))
        value = made.stored("tomography", column, row) * made.SLOPE + made.INTERCEPT
        self.assertEqual(browser.text("#said-pixel"), f"{column}, {row}: {value} HU")
        ruler = browser.text("#scale")
        length = float(ruler.split()[0])
        self.assertTrue(ruler.endswith(" mm"), ruler)
        self.assertAlmostEqual(browser.box("#scale i")[2], length / 0.5 * width / made.WIDTH, delta=2)

    def test_address_keeps_the_view(self):
        browser = self.browser
        self.study(1)
        self.browser.wheel(*self.middle(), 120)
        self.drawn(f"{STUDY}.1.2 1")
        browser.script("document.getElementById('center').value = 100; document.getElementById('center').dispatchEvent(new Event('change'))")
        browser.click("#zoom-in")
        browser.click("#invert")
        browser.wait("the address", "location.search.includes('invert=1') && location.search.includes('zoom=') && location.search.includes('window=')")
        seen = self.canvas(), browser.box("#film"), self.window()
        browser.open(browser.script("return location.href"))
        self.drawn(f"{STUDY}.1.2 1")
        self.assertEqual((self.canvas(), browser.box("#film"), self.window()), seen)

    # Beside the image

    def test_filter_narrows_the_attributes(self):
        browser = self.browser
        self.study(1)
        visible = "[...document.querySelectorAll('#attributes > .table > table > tbody > tr')].filter((row) => !row.hidden).length"
        browser.wait("the table", f"{visible} > 20")
        self.assertIn(made.MARKUP, browser.text("#attributes"))
        self.assertEqual(browser.count("#attributes img"), 0)
        private = browser.script("return [...document.querySelectorAll('#attributes tr.private')].map((row) => row.textContent)")
        self.assertEqual(len(private), 2)
        self.assertIn("Private, LIGHTBOX TEST", private[1])
        self.assertIn(f"{made.WIDTH * made.HEIGHT * 2} bytes", browser.text("#attributes"))
        browser.type("#filter", "patient name")
        browser.wait("one row", f"{visible} === 1")
        self.assertIn("Phantom^Ada", browser.text("#attributes tbody tr:not([hidden])"))
        browser.script("const field = document.getElementById('filter'); field.value = 'request of'; field.dispatchEvent(new Event('input'))")
        browser.wait("the sequence", f"{visible} === 1")
        self.assertTrue(browser.script("return document.querySelector('#attributes details').open"), "the item that has it is unfolded")
        # The filter stays for the next image.
        browser.script("scrollTo(0, 0)")
        browser.wheel(*self.middle(), 120)
        browser.wait("the next image's", f"document.getElementById('attributes').dataset.of?.includes('{STUDY}.1.2/') && {visible} === 1")

    def test_prediction_equals_that_of_the_file(self):
        if not options.model:
            self.skipTest("needs --model")
        browser = self.browser
        self.study(1)
        self.browser.drag(self.middle(), (100, 0))  # what is shown does not change what models see
        browser.click("#ask button")
        browser.wait("the answer", "['done', 'failed'].includes(document.getElementById('reading').dataset.state)", seconds=60)
        self.assertEqual(browser.script("return document.getElementById('reading').dataset.state"), "done", browser.text("#reading"))
        shown = dict(json.loads(browser.script("return document.getElementById('reading').dataset.scores")))
        path = f"/dicomweb/{options.store}/studies/{STUDY}/series/{STUDY}.1/instances/{STUDY}.1.1"
        file = urllib.request.urlopen(urllib.request.Request(options.address + path, headers={"Accept": "application/dicom"})).read()
        body = json.dumps({"instances": [{"image_bytes": {"b64": base64.b64encode(file).decode()}}]}).encode()
        answer = json.load(urllib.request.urlopen(urllib.request.Request(
            f"{options.address}/v1/projects/p/models/{options.model}:predict", body, {"Content-Type": "application/json"})))
        self.assertEqual(sorted(round(score, 5) for score in shown.values()), sorted(round(score, 5) for score in answer["predictions"][0]["scores"]))
        browser.wait("the heat map", "document.getElementById('heat').naturalWidth > 0 && !document.getElementById('heat').hidden")
        self.assertEqual(browser.box("#heat"), browser.box("#canvas"))
        browser.wheel(*self.middle(), 120)
        browser.wait("the next image without it", "document.getElementById('heat').hidden && document.getElementById('reading').hidden")

    def test_study_is_deidentified_into_another_store(self):
        browser = self.browser
        self.study(4, study=2)
        browser.click(".deidentify summary")
        browser.script("document.getElementById('destination').value = arguments[0]", options.store + "_public")
        browser.click(".deidentify form button")
        browser.wait("the end", "document.getElementById('job')?.dataset.final === 'true'", seconds=60)
        self.assertIn("succeeded", browser.text("[data-part=state]"))
        browser.open(f"{options.address}/stores/{options.store}_public")
        self.assertEqual(browser.count("#studies tbody tr"), 1)
        self.assertNotIn("Kowalski", browser.text("main"))
        browser.click("#studies a")
        self.drawn()
        self.assertEqual(len(self.canvas()), made.WIDTH * made.HEIGHT)

    def test_pages_fit_a_phone(self):
        browser = self.browser
        browser.resize(400, 800)
        for path in ["/stores", f"/stores/{options.store}", f"/stores/{options.store}/studies/{STUDY}",
                     f"/stores/{options.store}/studies/{STUDY}/series/{STUDY}.1/instances/{STUDY}.1.1"]:
            with self.subTest(path=path):
                browser.open(options.address + path)
                self.assertLessEqual(browser.script("return document.documentElement.scrollWidth"), 400)

    # Who may what

    def sign_in(self, secret, path):
        self.browser.open(options.guarded + path)
        self.browser.type("#token", secret)
        self.browser.click("form button")

    def test_signing_in_leads_to_the_page_asked_for(self):
        if not options.guarded:
            self.skipTest("needs --guarded, --reader and --writer")
        browser = self.browser
        path = f"/stores/{options.store}/studies/{STUDY}"
        self.sign_in("wrong", path)
        browser.wait("the refusal", "document.getElementById('token-problem')")
        self.assertTrue(browser.script("return document.getElementById('token').ariaInvalid === 'true'"))
        browser.type("#token", options.reader)
        browser.click("form button")
        browser.wait("the study", "location.pathname === arguments[0]", path)
        self.drawn()
        self.assertEqual(self.canvas(), tomography(*made.WINDOWS[0]))
        # Who may read sees nothing that asks for more.
        self.assertEqual(browser.count("a[href='/predict']"), 0)
        self.assertEqual(browser.count(".deidentify"), 0)
        self.assertEqual(browser.count("#ask"), 0)
        browser.click(".sign-out button")
        browser.wait("the way out", "location.pathname === '/sign-in'")
        browser.open(options.guarded + path)
        self.assertEqual(browser.count("#viewer"), 0)
        self.sign_in(options.writer, path)
        browser.wait("the study", "document.querySelector('.deidentify')")
        self.assertEqual(browser.count("a[href='/predict']"), 1)
        self.drawn()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", required=True, help="DATASET/STORE with the files of make_dicom.py")
    parser.add_argument("--model", help="a model with a ready version that makes heat maps")
    parser.add_argument("--guarded", help="a server with the same store that asks for tokens")
    parser.add_argument("--reader", help="a token of it for who may read")
    parser.add_argument("--writer", help="a token of it for who may write")
    run(Studies, parser, options)
