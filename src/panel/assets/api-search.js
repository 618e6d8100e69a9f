// Leaves of the documentation what has every word that was typed. Without scripts, the browser finds words in a page.
const label = document.querySelector('[data-search]')
const field = label.querySelector('input')
const status = label.querySelector('[role=status]')
const articles = [...document.querySelectorAll('.reference article')].map((article) => ({
  article,
  text: article.textContent.toLowerCase(),
}))
const links = new Map(
  [...document.querySelectorAll('.reference > nav details a')].map((link) => [link.hash.slice(1), link]),
)

const search = () => {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean)
  let found = 0
  for (const { article, text } of articles) {
    article.hidden = !words.every((word) => text.includes(word))
    if (!article.hidden) found += 1
    const link = links.get(article.id)
    if (link !== undefined) link.hidden = article.hidden
  }
  const isSearching = words.length > 0
  for (const group of document.querySelectorAll('.reference section, .reference > nav details')) {
    const entries = [...group.querySelectorAll(group.matches('details') ? 'a' : 'article')]
    // A chapter of the introduction has no entries, and says nothing of what was searched.
    group.hidden = isSearching && entries.every((one) => one.hidden)
    if (group.matches('details')) group.open = isSearching
  }
  status.textContent = isSearching ? `${found} of ${articles.length}` : ''
}

label.hidden = false
field.addEventListener('input', search)
if (field.value !== '') search()
