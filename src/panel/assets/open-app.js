// Opens the app as if its link had been clicked, and lets no impatient second click use a link up.
addEventListener('load', () => document.querySelector('a[data-open]')?.click())
for (const form of document.querySelectorAll('form[data-once]')) {
  form.addEventListener('submit', () => {
    for (const button of form.querySelectorAll('button')) button.disabled = true
  })
}
