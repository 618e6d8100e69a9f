import { expect, test } from 'bun:test'
import { onTerminal, placeWithSpace, sipkeeper } from './command.ts'

/** As colours begin, and nothing else of a terminal. */
const COLOUR = /\x1b\[[\d;]+m/

test('colours are for terminals that want them: none in a pipe, none with NO_COLOR, none where TERM is dumb', async () => {
  await using here = await placeWithSpace()
  const account = ['accounts:create', 'alice@sip.example.org', '--generate']
  expect((await sipkeeper(account, here)).code).toBe(0)
  const code = ['accounts:qr', 'alice@sip.example.org']
  const shown = await onTerminal(code, here, [])
  expect([shown.code, COLOUR.test(shown.text)]).toEqual([0, true])
  const piped = await sipkeeper(code, here)
  expect([piped.code, COLOUR.test(piped.stdout), piped.stdout.includes('▀')]).toEqual([0, false, true])
  for (const more of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
    const plain = await onTerminal(code, { env: { ...here.env, ...more } }, [])
    expect([plain.code, COLOUR.test(plain.text), plain.text.includes('▀')]).toEqual([0, false, true])
  }
  // An empty NO_COLOR is none (no-color.org).
  expect((await onTerminal(code, { env: { ...here.env, NO_COLOR: '' } }, [])).text).toMatch(COLOUR)
})

test('the log on a terminal is coloured, and plain with NO_COLOR', async () => {
  await using here = await placeWithSpace()
  const logOf = (env: Record<string, string>) =>
    onTerminal(['serve'], { env: { ...here.env, LISTEN: '127.0.0.1:0', ...env } }, [[/listening/, '\x03']])
  const [coloured, plain] = await Promise.all([logOf({}), logOf({ NO_COLOR: '1' })])
  expect(coloured.text).toMatch(COLOUR)
  expect(plain.text).toContain('listening')
  expect(plain.text).not.toMatch(COLOUR)
})
