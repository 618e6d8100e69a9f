// A button that prints the page, where a script can. Without one, people ask their browser.
for (const place of document.querySelectorAll('[data-print]')) {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'primary'
  button.textContent = place.dataset.print
  button.addEventListener('click', () => print())
  place.replaceWith(button)
}
