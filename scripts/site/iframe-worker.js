// A page that was opened from a file gets no Worker from the browser, and the search needs one: a hidden frame takes its
// place. The name is what the theme looks for.
if (location.protocol === "file:") {
  window.Worker = window.IFrameWorker = class extends EventTarget {
    constructor(address) {
      super();
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      this.ready = new Promise((resolve) => (this.frame.onload = resolve));
      this.frame.addEventListener("answer", (event) =>
        this.dispatchEvent(new MessageEvent("message", { data: event.detail })));
      const source = new URL(address, location.href).href.replace(/"/g, "%22");
      this.frame.srcdoc =
        '<script>self.postMessage = (data) => frameElement.dispatchEvent(new parent.CustomEvent("answer", { detail: data }));' +
        `<\/script><script src="${source}"><\/script>`;
      document.addEventListener("DOMContentLoaded", () => document.body.append(this.frame));
      if (document.body) document.body.append(this.frame);
    }

    async postMessage(data) {
      await this.ready;
      const frame = this.frame.contentWindow;
      frame.dispatchEvent(new frame.MessageEvent("message", { data }));
    }

    terminate() {
      this.frame.remove();
    }
  };
}
