#!/usr/bin/env python3
"""The map page in a real browser: points and colours, zoom, pictures beside the pointer, the lasso, labels in a table.

    Tests/Browser/test_map.py --address http://127.0.0.1:8080 --lightbox .build/release/lightbox --table line_map \\
        [--large large_map] [--scans scan_map --store tests/made] [--guarded http://127.0.0.1:8081 --reader SECRET]

The table is a map of pictures called LABEL-NUMBER.png in two classes; what is written is read back with `lightbox query`
from the server's home (LIGHTBOX_HOME). The guarded server asks for tokens and has a map of the same name. `--large` names a
map of 100,000 points, whose frames a second are told and not judged.
"""

import argparse
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from webdriver import SHIFT, Browser, BrowserTest, run  # noqa: E402

options = argparse.Namespace()
ALT, ESCAPE = "\ue00a", "\ue00c"
SOFTWARE_GL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")

# Where a point of the map is on the page, from the numbers that the server sends and the address of the view.
PLACES = """
    const map = document.getElementById('map');
    const answer = await fetch(`${map.dataset.root}/points?axes=${encodeURIComponent(map.dataset.axes)}`);
    const buffer = await answer.arrayBuffer();
    const length = new DataView(buffer).getUint32(0, true);
    const numbers = new Float32Array(buffer, 4 + length);
    const version = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length))).version;
"""


class Maps(BrowserTest):
    @classmethod
    def setUpClass(cls):
        cls.browser = Browser(arguments=SOFTWARE_GL)

    def tearDown(self):
        # Software GL tells of its slowness.
        complaints = [text for text in self.browser.complaints() if "status of 4" not in text and "GL Driver Message" not in text]
        self.assertEqual(complaints, [])

    def open(self, table=None, more="", address=None):
        self.browser.open("about:blank")
        self.browser.open(f"{address or options.address}/maps/{table or options.table}{more}")
        self.assertEqual(self.browser.wait("the map", "document.getElementById('map')?.dataset.ready"), "true",
                         self.browser.text("#waiting"))

    def data(self, name):
        return self.browser.script("return document.getElementById('map').dataset[arguments[0]] ?? null", name)

    def query(self, sql):
        made = subprocess.run([options.lightbox, "query", sql, "--format", "jsonl"], capture_output=True, text=True, check=True)
        return [json.loads(line) for line in made.stdout.splitlines()]

    def points(self):
        """Where each point is on the page when the whole map is shown, by the formula of the page's own fit."""
        numbers = self.browser.script(f"return (async () => {{ {PLACES} return [...numbers]; }})()")
        xs, ys = numbers[::2], numbers[1::2]
        half = max(max(xs) - min(xs), max(ys) - min(ys)) / 2
        left, top, width, height = self.browser.script(
            "const box = document.getElementById('stage').getBoundingClientRect(); const stage = document.getElementById('stage');"
            "return [box.x + stage.clientLeft, box.y + stage.clientTop, stage.clientWidth, stage.clientHeight]")
        scale = min((width - 56) / ((max(xs) - min(xs)) / half), (height - 56) / ((max(ys) - min(ys)) / half)) / half
        middle = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
        return [(left + width / 2 + (x - middle[0]) * scale, top + height / 2 - (y - middle[1]) * scale) for x, y in zip(xs, ys)]

    def lonely(self, places):
        """The number of the point that is farthest from its neighbours, not at an edge."""
        def room(index):
            x, y = places[index]
            return min((x - u) ** 2 + (y - v) ** 2 for other, (u, v) in enumerate(places) if other != index)
        return max(range(len(places)), key=room)

    def pixel(self, x, y):
        """The colour of the page at a point."""
        path = "/tmp/lightbox-map-pixel.png"
        self.browser.screenshot(path)
        with open(path, "rb") as file:
            data = file.read()
        os.remove(path)
        return self.browser.script(
            "return createImageBitmap(new Blob([Uint8Array.from(atob(arguments[0]), (c) => c.charCodeAt(0))])).then((image) => {"
            "const canvas = new OffscreenCanvas(image.width, image.height); const context = canvas.getContext('2d');"
            "context.drawImage(image, 0, 0); return [...context.getImageData(arguments[1], arguments[2], 1, 1).data].slice(0, 3); })",
            __import__("base64").b64encode(data).decode(), round(x), round(y))

    def colours(self):
        """The legend's colours by name."""
        return dict(self.browser.script(
            "return [...document.querySelectorAll('.groups li')].map((row) => [row.querySelector('.name').textContent,"
            "getComputedStyle(row.querySelector('i')).backgroundColor.match(/\\d+/g).map(Number)])"))

    def lasso(self, corners, key=None):
        """Draws around corners with the mouse pressed."""
        browser = self.browser
        (x, y), rest = corners[0], corners[1:] + corners[:1]
        moves = [{"type": "pointerMove", "x": round(x), "y": round(y), "duration": 0}, {"type": "pointerDown", "button": 0}]
        moves += [{"type": "pointerMove", "x": round(u), "y": round(v), "duration": 40} for u, v in rest]
        moves += [{"type": "pointerUp", "button": 0}]
        if key:
            browser._act("key", [{"type": "keyDown", "value": key}])
        browser._act("pointer", moves, parameters={"pointerType": "mouse"})
        if key:
            browser._act("key", [{"type": "keyUp", "value": key}])

    def around(self, places, reach=6):
        """A rectangle around some points."""
        xs, ys = [x for x, _ in places], [y for _, y in places]
        return [(min(xs) - reach, min(ys) - reach), (max(xs) + reach, min(ys) - reach),
                (max(xs) + reach, max(ys) + reach), (min(xs) - reach, max(ys) + reach)]

    @staticmethod
    def inside(place, corners):
        return corners[0][0] < place[0] < corners[1][0] and corners[0][1] < place[1] < corners[2][1]

    # What is seen

    def test_list_leads_to_the_map(self):
        self.browser.open(options.address + "/maps")
        self.browser.click(f"a[href='/maps/{options.table}']")
        self.browser.wait("the map", "document.getElementById('map')?.dataset.ready === 'true'")
        count = self.query(f"SELECT count(*) AS n FROM {options.table}")[0]["n"]
        self.assertEqual(self.browser.text("#said-count"), f"{count:,}")

    def test_points_have_the_colours_of_the_legend_however_they_are_drawn(self):
        names = [row["path"] for row in self.query(f"SELECT path FROM {options.table} ORDER BY path")]
        for kind, words in [("pixels", "2D canvas"), ("webgl", "WebGL")]:
            with self.subTest(kind=kind):
                self.open(more=f"?draw={kind}")
                self.assertEqual(self.data("drawn"), words)
                self.assertEqual(self.data("colour"), "label")
                places, colours = self.points(), self.colours()
                self.assertEqual(sorted(colours), ["level", "upright"])
                point = self.lonely(places)
                seen, meant = self.pixel(*places[point]), colours[names[point].split("-")[0]]
                # A little of the paper shines through.
                self.assertLess(max(abs(left - right) for left, right in zip(seen, meant)), 60, (seen, meant))
                self.assertNotEqual(seen, [255, 255, 255])

    def test_columns_of_other_tables_colour_the_map(self):
        self.open()
        for name, kinds in [("cluster", 2), ("score", 0)]:
            self.browser.script(
                "const list = document.getElementById('colour'); list.value = [...list.options].find(({ text }) => text === arguments[0]).value;"
                "list.dispatchEvent(new Event('change'))", name)
            self.browser.wait("the colours", "document.getElementById('map').dataset.colour === arguments[0]", name)
            self.assertEqual(self.browser.count(".groups li"), kinds)
            self.assertEqual(self.browser.count(".scale-bar"), 1 if kinds == 0 else 0)

    def test_legend_hides_and_shows_alone(self):
        self.open()
        places = self.points()
        names = [row["path"] for row in self.query(f"SELECT path FROM {options.table} ORDER BY path")]
        point = self.lonely(places)
        label = names[point].split("-")[0]
        row = 1 + list(self.colours()).index(label)
        self.browser.click(f".groups li:nth-child({row}) .toggle")
        self.assertEqual(self.browser.script("return document.querySelectorAll('.groups [aria-pressed=true]').length"), 1)
        self.browser.hover(1, 1)
        time.sleep(0.2)
        self.assertEqual(self.pixel(*places[point]), [255, 255, 255], "the hidden class is gone")
        self.browser.click(f".groups li:nth-child({row}) .only")
        self.browser.hover(1, 1)
        time.sleep(0.2)
        self.assertNotEqual(self.pixel(*places[point]), [255, 255, 255])
        self.browser.wait("the address", "location.hash.includes('hide=')")

    def test_pointer_shows_picture_name_and_value(self):
        self.open()
        places = self.points()
        names = [row["path"] for row in self.query(f"SELECT path FROM {options.table} ORDER BY path")]
        for point in [self.lonely(places), 0]:
            x, y = places[point]
            self.browser.hover(round(x), round(y))
            self.browser.wait("the picture", "!document.getElementById('card').hidden && document.getElementById('card-picture').naturalWidth === 64")
            shown = int(self.data("point"))
            self.assertLess((places[shown][0] - x) ** 2 + (places[shown][1] - y) ** 2, 16)
            self.assertEqual(self.browser.text("#card-name"), names[shown])
            self.assertEqual(self.browser.text("#card-value"), names[shown].split("-")[0])
        self.browser.hover(2, 2)
        self.browser.wait("nothing", "document.getElementById('card').hidden")

    def test_click_opens_the_picture(self):
        self.open()
        places = self.points()
        x, y = places[self.lonely(places)]
        windows = self.browser._call("GET", "/window/handles")
        self.browser.drag((round(x), round(y)), (0, 0))
        end = time.monotonic() + 20
        while len(self.browser._call("GET", "/window/handles")) == len(windows) and time.monotonic() < end:
            time.sleep(0.1)
        new = [handle for handle in self.browser._call("GET", "/window/handles") if handle not in windows]
        self.assertEqual(len(new), 1)
        self.browser._call("POST", "/window", {"handle": new[0]})
        self.browser.wait("the picture", "document.images[0]?.naturalWidth === 64")
        self.browser._call("DELETE", "/window")
        self.browser._call("POST", "/window", {"handle": windows[0]})

    def test_point_of_a_store_leads_to_the_viewer(self):
        if not options.scans:
            self.skipTest("needs --scans")
        self.open(options.scans)
        found = self.browser.script(
            f"return (async () => {{ {PLACES} return (await fetch(`${{map.dataset.root}}/points/0?version=${{version}}`)).json(); }})()")
        self.assertTrue(found["isInstance"])
        self.assertTrue(found["page"].startswith(f"/stores/{options.store}/studies/"))
        size = self.browser.script(
            f"return (async () => {{ {PLACES} const pictured = await fetch(`${{map.dataset.root}}/points/0/picture?version=${{version}}`);"
            "const image = await createImageBitmap(await pictured.blob()); return [image.width, image.height]; })()")
        self.assertLessEqual(max(size), 256)
        names = self.browser.script("return [...document.getElementById('colour').options].map(({ text }) => text)")
        for name in ("Modality", "InstitutionName", "Manufacturer"):
            self.assertIn(name, names)
        self.browser.open(options.address + found["page"])
        self.browser.wait("the viewer", "document.getElementById('viewer')?.dataset.drawn")

    # Moving

    def test_wheel_enlarges_at_the_pointer_and_a_double_click_shows_all(self):
        self.open()
        places = self.points()
        x, y = (round(value) for value in places[self.lonely(places)])
        self.browser.wheel(x, y, -240)
        self.browser.wheel(x, y, -240)
        self.browser.wait("the view", "Number(new URLSearchParams(location.hash.slice(1)).get('zoom')) > 2")
        self.browser.hover(x + 1, y)
        self.browser.hover(x, y)
        self.assertEqual(int(self.data("point")), self.lonely(places), "the point under the pointer stays under it")
        link = self.browser.script("return location.href")
        left, top, width, height = self.browser.box("#stage")
        right, down = 60 if x < left + width / 2 else -60, 40 if y < top + height / 2 else -40
        self.browser.drag((x, y), (right, down))
        self.assertEqual(int(self.data("point")), self.lonely(places), "it goes with the pointer")
        self.browser.open("about:blank")
        self.browser.open(link)
        self.browser.wait("the map", "document.getElementById('map')?.dataset.ready === 'true'")
        self.browser.hover(x, y)
        self.assertEqual(int(self.data("point")), self.lonely(places), "the address keeps the view")
        self.browser.script("document.getElementById('stage').dispatchEvent(new MouseEvent('dblclick', { bubbles: true }))")
        self.browser.wait("the whole map", "!location.hash.includes('zoom=')")

    def test_keys_move_enlarge_and_choose_tools(self):
        self.open()
        self.browser.script("document.getElementById('stage').focus()")
        self.browser.press("+")
        self.browser.press("\ue014")
        self.browser.wait("the view", "location.hash.includes('zoom=1.3')")
        self.browser.press("l")
        self.assertEqual(self.browser.script("return document.getElementById('tool-lasso').ariaPressed"), "true")
        self.browser.press("0")
        self.browser.wait("the whole map", "!location.hash.includes('zoom=')")
        self.browser.press("m")
        self.assertEqual(self.browser.script("return document.getElementById('tool-move').ariaPressed"), "true")

    def test_search_finds_by_a_part_of_the_name(self):
        self.open()
        self.browser.type("#words", "LEVEL-000")
        self.browser.click("#search button")
        expected = self.query(f"SELECT count(*) AS n FROM {options.table} WHERE path LIKE 'level-000%'")[0]["n"]
        self.browser.wait("what was found", "document.getElementById('found').textContent.startsWith(arguments[0])", f"{expected} found")
        self.browser.click("#found button")
        self.assertEqual(int(self.data("chosen")), expected)

    # Choosing and writing

    def choose_upright(self):
        """Draws a rectangle with the lasso around some points; the numbers of those inside."""
        places = self.points()
        corners = self.around(places[: len(places) // 3], reach=2)
        self.browser.click("#tool-lasso")
        self.lasso(corners)
        inside = [index for index, place in enumerate(places) if self.inside(place, corners)]
        self.assertEqual(int(self.data("chosen")), len(inside))
        return places, inside

    def test_lasso_adds_and_takes_away(self):
        self.open()
        places, inside = self.choose_upright()
        self.assertIn(f"{len(inside)} of", self.browser.text("#chosen"))
        counts = self.browser.script("return [...document.querySelectorAll('.composition .count')].map((item) => Number(item.textContent.split(' ')[0]))")
        self.assertEqual(sum(counts), len(inside))
        first = places[inside[0]]
        near = [index for index in inside if abs(places[index][0] - first[0]) < 5 and abs(places[index][1] - first[1]) < 5]
        self.lasso(self.around([first], reach=5), key=ALT)
        self.assertEqual(int(self.data("chosen")), len(inside) - len(near))
        self.lasso(self.around([first], reach=5), key=SHIFT)
        self.assertEqual(int(self.data("chosen")), len(inside))
        self.browser.click("#tool-box")
        box = self.around(places, reach=4)
        self.browser.drag(tuple(map(round, box[0])), (round(box[2][0] - box[0][0]), round(box[2][1] - box[0][1])))
        self.assertEqual(int(self.data("chosen")), len(places))
        self.browser.press(ESCAPE)
        self.assertEqual(int(self.data("chosen")), 0)

    def test_labels_go_into_a_table_colour_the_map_and_are_undone(self):
        self.open()
        names = [row["path"] for row in self.query(f"SELECT path FROM {options.table} ORDER BY path")]
        _, inside = self.choose_upright()
        table = f"marks_{os.getpid()}"
        self.browser.click("#label-form summary")
        self.browser.script("document.getElementById('label-table').value = ''")
        self.browser.type("#label-table", table)
        self.browser.type("#label-value", "left 'side\"")
        self.browser.click("#label-form .buttons button")
        self.browser.wait("the answer", "!document.getElementById('done').hidden || document.getElementById('selection-problem').textContent")
        self.assertEqual(self.browser.text("#selection-problem"), "")
        self.browser.wait("the labels' colours", "document.querySelectorAll('.groups li').length === 2")
        self.assertEqual(list(self.colours())[0], "left 'side\"")
        rows = self.query(f"SELECT path, label FROM {table} ORDER BY path")
        self.assertEqual(rows, [{"path": names[index], "label": "left 'side\""} for index in sorted(inside, key=lambda index: names[index])])
        joined = self.query(f"SELECT count(*) AS n FROM {options.table} JOIN {table} USING (path)")
        self.assertEqual(joined[0]["n"], len(inside))
        self.browser.click("#undo")
        self.browser.wait("the end", "document.getElementById('said-done').textContent.startsWith('Undone')")
        self.assertNotEqual(subprocess.run([options.lightbox, "query", f"SELECT * FROM {table}"], capture_output=True).returncode, 0)

    def test_selection_becomes_a_table_and_is_removed_again(self):
        self.open()
        _, inside = self.choose_upright()
        table = f"part_{os.getpid()}"
        self.browser.script("document.getElementById('table-name').value = arguments[0]", table)
        self.browser.click("#table-form .buttons button")
        self.browser.wait("the answer", "!document.getElementById('done').hidden")
        self.assertEqual(self.query(f"SELECT count(*) AS n FROM {table}")[0]["n"], len(inside))
        self.browser.click("#undo")
        self.browser.wait("the end", "document.getElementById('said-done').textContent.startsWith('Removed')")
        self.assertNotEqual(subprocess.run([options.lightbox, "query", f"SELECT * FROM {table}"], capture_output=True).returncode, 0)

    def test_table_that_changed_meanwhile_is_not_written_about(self):
        table = f"moving_{os.getpid()}"
        for x in (1, 2):
            path = f"/tmp/{table}.csv"
            with open(path, "w") as file:
                file.write(f"path,x,y\na,{x},1\nb,2,2\nc,3,{x}\n")
            subprocess.run([options.lightbox, "load", path, "--table", table, "--truncate", "--quiet"], check=True, capture_output=True)
            os.remove(path)
            if x == 1:
                self.open(table)
                self.browser.click("#choose-shown")
        self.browser.type("#label-value", "late")
        self.browser.click("#label-form .buttons button")
        self.browser.wait("the refusal", "document.getElementById('selection-problem').textContent.includes('Reload')")
        self.assertNotEqual(subprocess.run([options.lightbox, "query", f"SELECT * FROM {table}_labels"], capture_output=True).returncode, 0)

    def test_reader_has_no_buttons_that_write(self):
        if not options.guarded:
            self.skipTest("needs --guarded and --reader")
        self.browser.open(f"{options.guarded}/maps/{options.table}")
        self.browser.type("#token", options.reader)
        self.browser.click("form button")
        self.browser.wait("the map", "document.getElementById('map')?.dataset.ready === 'true'")
        self.browser.click("#choose-shown")
        self.assertEqual(self.browser.count("#label-form, #table-form"), 0)
        self.assertFalse(self.browser.script("return document.getElementById('export').hidden"))
        status = self.browser.script(
            f"return (async () => {{ {PLACES} return (await fetch(`${{map.dataset.root}}/labels`, {{ method: 'POST', headers: {{ 'Content-Type': 'application/json' }},"
            "body: JSON.stringify({ version, table: 'x', column: 'c', changes: [{ value: 'v', ranges: [0, 1] }] }) })).status; })()")
        self.assertEqual(status, 403)

    # Size and speed

    def test_page_fits_a_phone(self):
        self.browser.resize(360, 740)
        for path in ["/maps", f"/maps/{options.table}"]:
            self.browser.open(options.address + path)
            self.assertLessEqual(self.browser.script("return document.documentElement.scrollWidth"), 360)

    def test_hundred_thousand_points_move(self):
        if not options.large:
            self.skipTest("needs --large")
        for kind in ["", "?draw=webgl"]:
            self.open(options.large, more=kind)
            before = int(self.data("frames"))
            made = self.browser.script("""
                const stage = document.getElementById('stage');
                const box = stage.getBoundingClientRect();
                let [x, y, turn] = [box.x + box.width / 2, box.y + box.height / 2, 0];
                const point = (type) => stage.dispatchEvent(new PointerEvent(type, { bubbles: true, pointerId: 1, clientX: x, clientY: y, button: 0 }));
                stage.setPointerCapture = () => {}; // there is no such pointer
                return new Promise((resolve) => {
                  const times = [];
                  point('pointerdown');
                  const step = (time) => {
                    times.push(time);
                    turn += 1;
                    x += 3 * Math.cos(turn / 20);
                    y += 3 * Math.sin(turn / 17);
                    point('pointermove');
                    stage.dispatchEvent(new WheelEvent('wheel', { bubbles: true, cancelable: true, clientX: x, clientY: y, deltaY: 8 * Math.cos(turn / 30) }));
                    if (time - times[0] < 4000) { requestAnimationFrame(step); return; }
                    point('pointerup');
                    const gaps = times.slice(1).map((each, index) => each - times[index]).sort((left, right) => left - right);
                    resolve({ rate: (1000 * gaps.length) / (times.at(-1) - times[0]), slow: gaps[Math.floor(0.95 * gaps.length)], frames: gaps.length });
                  };
                  requestAnimationFrame(step);
                });""")
            print(f"\n{self.browser.text('#said-count')} points, {self.data('drawn')}: {made['rate']:.1f} frames a second, "
                  f"95 % within {made['slow']:.0f} ms", file=sys.stderr)
            self.assertGreaterEqual(int(self.data("frames")) - before, made["frames"] - 2, "every frame was drawn")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lightbox", required=True, help="the program, to ask the server's home")
    parser.add_argument("--table", required=True, help="a map of pictures called LABEL-NUMBER.png")
    parser.add_argument("--large", help="a map of many points")
    parser.add_argument("--scans", help="a map of instances of --store")
    parser.add_argument("--store", help="DATASET/STORE")
    parser.add_argument("--guarded", help="a server that asks for tokens, with a map of the same name")
    parser.add_argument("--reader", help="a token of it for who may read")
    run(Maps, parser, options)
