// In old JavaScript, so that it runs where the page's own script cannot.
(() => {
  var WAIT_MS = 3000;
  // Variables, since the formatter puts a trailing comma into a call of several lines, which old browsers cannot parse.
  var FROM_FOLDER =
    'A browser does not run this page straight from a folder. Open a terminal in the folder and type “COMMAND”; without limner, type “python3 -m http.server” (on Windows “py -m http.server”) and open http://localhost:8000.';
  var SANDBOXED =
    'This page did not start, since the page around it keeps it in a sandbox. Open it in a tab of its own: ';
  var NOT_STARTED =
    'This page did not start. Reload it; if that does not help, open it in a current Chrome, Edge, Firefox or Safari.';

  function show(message) {
    var element = document.createElement('p');
    element.className = 'noscript';
    element.setAttribute('role', 'alert');
    element.textContent = message;
    // At the top: without its style sheet, the page is longer than a screen.
    document.body.insertBefore(element, document.body.firstChild);
  }

  if (location.protocol === 'file:') {
    // What serves a page differs from page to page, so the script's element has it.
    show(FROM_FOLDER.replace('COMMAND', document.querySelector('[data-serve]').getAttribute('data-serve')));
    return;
  }
  addEventListener('load', () => {
    setTimeout(() => {
      if (document.documentElement.hasAttribute('data-started')) return;
      show(self.origin === 'null' ? SANDBOXED + location.href : NOT_STARTED);
    }, WAIT_MS);
  });
})();
