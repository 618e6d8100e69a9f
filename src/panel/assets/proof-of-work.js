// Solves the challenge in every form that has one, then lets it be sent. Plain SHA-256, because a page on a LAN
// without TLS has no crypto.subtle. FIPS 180-4 §6.2.
const primes = []
for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p !== 0)) primes.push(n)
const fraction = (x) => ((x - Math.floor(x)) * 2 ** 32) | 0
const K = primes.map((p) => fraction(Math.cbrt(p)))
const H = primes.slice(0, 8).map((p) => fraction(Math.sqrt(p)))
const rotate = (x, n) => (x >>> n) | (x << (32 - n))

const sha256 = (text) => {
  const bytes = new TextEncoder().encode(text)
  const length = ((bytes.length + 72) >> 6) << 6
  const padded = new Uint8Array(length)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(length - 4, bytes.length * 8)
  const hash = H.slice()
  const w = new Int32Array(64)
  for (let offset = 0; offset < length; offset += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(offset + i * 4)
    for (let i = 16; i < 64; i++) {
      const a = w[i - 15]
      const b = w[i - 2]
      const s0 = rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3)
      const s1 = rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10)
      w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0
    }
    let [a, b, c, d, e, f, g, h] = hash
    for (let i = 0; i < 64; i++) {
      const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0
      const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
      h = g
      g = f
      f = e
      e = (d + t1) | 0
      d = c
      c = b
      b = a
      a = (t1 + t2) | 0
    }
    const added = [a, b, c, d, e, f, g, h]
    for (let i = 0; i < 8; i++) hash[i] = (hash[i] + added[i]) | 0
  }
  return hash.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}

const solve = async ({ challenge, salt, maxnumber }) => {
  for (let number = 0; number <= maxnumber; number++) {
    if (sha256(salt + number) === challenge) return number
    // The page stays alive meanwhile.
    if (number % 2000 === 1999) await new Promise((resolve) => setTimeout(resolve))
  }
  return null
}

for (const input of document.querySelectorAll('input[data-challenge]')) {
  const button = input.form.querySelector('[type=submit]')
  button.disabled = true
  button.setAttribute('aria-busy', 'true')
  const { algorithm, challenge, salt, signature, maxnumber } = JSON.parse(input.dataset.challenge)
  const number = await solve({ challenge, salt, maxnumber })
  input.value = btoa(JSON.stringify({ algorithm, challenge, number, salt, signature }))
  button.disabled = false
  button.removeAttribute('aria-busy')
}
