// Says every moment in the zone of whoever reads it, and on hovering what stood there without scripts: the same in UTC.
const format = new Intl.DateTimeFormat(
  document.documentElement.lang === 'en' ? 'en-GB' : document.documentElement.lang,
  {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  },
)
const sayIn = (part) => {
  for (const place of part.querySelectorAll('time[datetime]')) {
    place.title = place.textContent
    place.textContent = format.format(new Date(place.dateTime))
  }
}
sayIn(document)
// A part of the page that was loaded again.
document.addEventListener('htmx:afterSwap', ({ detail }) => sayIn(detail.elt))
