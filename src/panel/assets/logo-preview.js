// A logo that was chosen is seen in the preview before it is saved. Without scripts, it is seen once it is.
const field = document.querySelector('input[type="file"][name="logo"]')
const brands = [...document.querySelectorAll('.preview .brand')]

const show = (source) => {
  for (const brand of brands) {
    brand.querySelector('img.chosen')?.remove()
    if (source === null) continue
    const picture = new Image()
    picture.className = 'logo chosen'
    picture.alt = ''
    // What is no picture is refused when it is sent; until then the preview stays as it was.
    picture.addEventListener('load', () => brand.prepend(picture))
    picture.src = source
  }
}

field?.addEventListener('change', () => {
  const [file] = field.files
  if (file === undefined) return show(null)
  const reader = new FileReader()
  reader.addEventListener('load', () => show(reader.result))
  reader.readAsDataURL(file)
})
