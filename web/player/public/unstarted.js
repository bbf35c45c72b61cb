// In old JavaScript, so that it runs where the page's own script cannot.
(() => {
  var WAIT_MS = 3000;
  // Variables, since the formatter puts a trailing comma into a call of several lines, which old browsers cannot parse.
  var FROM_FOLDER =
    'A browser does not run this page straight from a folder. Serve the folder, for instance with: python -m http.server';
  var NOT_STARTED =
    'This page did not start. Reload it; if that does not help, open it in a current Chrome, Edge, Firefox or Safari.';

  function show(message) {
    var element = document.createElement('p');
    element.className = 'noscript';
    element.setAttribute('role', 'alert');
    element.textContent = message;
    document.body.appendChild(element);
  }

  if (location.protocol === 'file:') {
    show(FROM_FOLDER);
    return;
  }
  addEventListener('load', () => {
    setTimeout(() => {
      if (document.documentElement.hasAttribute('data-started')) return;
      show(NOT_STARTED);
    }, WAIT_MS);
  });
})();
