// A box for each digit of a code, in place of its one field, under whose name they are sent. Without scripts there is the field.
const digitsOf = (text) => text.replace(/\D/g, '')

for (const field of document.querySelectorAll('input[data-boxes]')) {
  const place = field.closest('.field')
  const label = place.querySelector('label')
  const group = document.createElement('fieldset')
  const legend = document.createElement('legend')
  const row = document.createElement('div')
  row.className = 'boxes'
  if (field.hasAttribute('aria-describedby')) {
    group.setAttribute('aria-describedby', field.getAttribute('aria-describedby'))
  }
  legend.textContent = label.textContent

  const boxes = field.dataset.boxes.split('\n').map((name, index) => {
    const box = document.createElement('input')
    box.required = true
    box.inputMode = 'numeric'
    box.pattern = '[0-9]'
    // What fills codes in by itself fills the first one, which spreads them.
    box.autocomplete = index === 0 ? 'one-time-code' : 'off'
    box.setAttribute('aria-label', name)
    if (field.hasAttribute('aria-invalid')) box.setAttribute('aria-invalid', 'true')
    return box
  })
  const goTo = (index) => boxes[Math.min(Math.max(index, 0), boxes.length - 1)].focus()
  const spread = (digits, from) => {
    for (const [index, digit] of [...digits].slice(0, boxes.length - from).entries()) boxes[from + index].value = digit
    goTo(from + digits.length)
  }

  for (const [index, box] of boxes.entries()) {
    const moves = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: boxes.length - 1 }
    box.addEventListener('focus', () => box.select())
    box.addEventListener('input', () => {
      const digits = digitsOf(box.value)
      box.value = ''
      if (digits !== '') spread(digits, index)
    })
    box.addEventListener('paste', (event) => {
      event.preventDefault()
      const digits = digitsOf(event.clipboardData.getData('text'))
      spread(digits, digits.length < boxes.length ? index : 0)
    })
    box.addEventListener('keydown', (event) => {
      if (event.key === 'Backspace' && box.value === '' && index > 0) boxes[index - 1].value = ''
      else if (!(event.key in moves)) return
      event.preventDefault()
      goTo(moves[event.key] ?? index - 1)
    })
  }
  field.form.addEventListener('formdata', ({ formData }) => {
    formData.set(field.name, boxes.map(({ value }) => value).join(''))
  })

  row.append(...boxes)
  group.append(legend, row, ...place.querySelectorAll('.hint, .error'))
  place.replaceWith(group)
  if (field.autofocus) goTo(0)
}
