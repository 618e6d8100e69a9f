// Says how long something still takes, beside the words that say until when. By the age of the page: clocks differ.
const TICK_MS = 1000

for (const place of document.querySelectorAll('[data-seconds-left]')) {
  const end = performance.now() + Number(place.dataset.secondsLeft) * 1000
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000))
    const seconds = String(left % 60).padStart(2, '0')
    place.textContent = left === 0 ? '' : `(${Math.floor(left / 60)}:${seconds})`
    if (left > 0) setTimeout(tick, TICK_MS)
  }
  tick()
}
