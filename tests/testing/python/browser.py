"""Headless Chromium, for pages that must work in a browser."""

import base64
import json
import pathlib
import shutil

from selenium import webdriver

CHROMIUM, DRIVER = "chromium", "chromedriver"


class Page:
    """What a browser made of a local file."""

    def __init__(self, driver):
        self.driver = driver

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def hover(self, x, y):
        self.driver.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": x, "y": y})

    def console(self):
        """All that was written to the console, and errors of the page."""
        return self.driver.get_log("browser")

    def requests(self):
        """Addresses that were asked for, but for those that hold their own data."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        addresses = [message["params"]["request"]["url"] for message in messages if message["method"] == "Network.requestWillBeSent"]
        return [address for address in addresses if not address.startswith("data:")]

    def screenshot(self, path):
        height = self.run("return document.documentElement.scrollHeight")
        width = self.run("return window.innerWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True, "clip": clip})
        pathlib.Path(path).write_bytes(base64.b64decode(shot["data"]))


class Browser:
    """with Browser() as browser: browser.open(path)"""

    def __init__(self):
        missing = [program for program in (CHROMIUM, DRIVER) if shutil.which(program) is None]
        assert not missing, f"{' and '.join(missing)} cannot be found: apt-get install --no-install-recommends chromium chromium-driver"
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which(CHROMIUM)
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which(DRIVER)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()

    def open(self, path, width=1200, height=900, scheme="light"):
        """Shows a file; scheme: what the person prefers, "light" or "dark"."""
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.get(pathlib.Path(path).resolve().as_uri())
        # Charts fit themselves to their boxes when those have been laid out.
        self.driver.execute_async_script("const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()))")
        return Page(self.driver)
