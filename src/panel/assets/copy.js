// A button beside everything that is worth copying. Without scripts, people select the text.
for (const place of document.querySelectorAll('[data-copy]')) {
  const { copy, copied } = place.dataset
  const source = place.querySelector('input') ?? place
  const button = document.createElement('button')
  button.type = 'button'
  if (source === place) button.className = 'small'
  button.textContent = copy
  button.addEventListener('click', async () => {
    const text = source === place ? place.querySelector('code').textContent : source.value
    try {
      await navigator.clipboard.writeText(text)
      button.textContent = copied
    } catch {
      // Only pages that came by HTTPS may use the clipboard: then the text is at least selected.
      if (source === place) getSelection().selectAllChildren(place.querySelector('code'))
      else source.select()
    }
  })
  place.append(button)
}
