// Asks every few seconds whether the code was approved, and goes on by itself once it was.
const ASK_EVERY_MS = 3000
const waiting = document.querySelector('[data-state]')

const ask = async () => {
  const reply = await fetch(waiting.dataset.state)
  const { state } = reply.ok ? await reply.json() : { state: 'waiting' }
  if (state === 'waiting') setTimeout(look, ASK_EVERY_MS)
  else location.reload()
}

/** The network may be away for a while. */
const look = () => ask().catch(() => setTimeout(look, ASK_EVERY_MS))

if (waiting === null) document.querySelector('form[data-sign-in]')?.requestSubmit()
else setTimeout(look, ASK_EVERY_MS)
