// A plain script in old words, so that it runs where the page's own program does not, and says why.
(() => {
  var WAIT_MS = 3000;
  // Named here, as a call over several lines would be given a comma that old browsers cannot read.
  var FROM_FOLDER =
    'A browser does not run this page straight from a folder. Serve the folder, for instance with: python -m http.server';
  var NOT_STARTED =
    'The program of this page did not start. Reload the page; if that does not help, open it in a current Chrome, Edge, Firefox or Safari.';

  function say(sentence) {
    var place = document.createElement('p');
    place.className = 'noscript';
    place.setAttribute('role', 'alert');
    place.textContent = sentence;
    document.body.appendChild(place);
  }

  if (location.protocol === 'file:') {
    say(FROM_FOLDER);
    return;
  }
  addEventListener('load', () => {
    setTimeout(() => {
      if (document.documentElement.hasAttribute('data-started')) return;
      say(NOT_STARTED);
    }, WAIT_MS);
  });
})();
