// Modules do not load from file: addresses, so this plain script says what to do.
if (location.protocol === 'file:') {
  const sentence = document.createElement('p');
  sentence.className = 'noscript';
  sentence.textContent =
    'A browser does not run this page straight from a folder. Serve the folder, for instance with: python -m http.server';
  document.body.append(sentence);
}
