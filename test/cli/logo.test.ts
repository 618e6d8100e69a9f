import { expect, test } from 'bun:test'
import { existsSync, readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { picture } from '../support/picture.ts'
import { placeWithSpace, sipkeeper } from './command.ts'

test('a logo is taken from a file, or taken away; what is none changes nothing', async () => {
  await using here = await placeWithSpace()
  const file = (name: string, bytes: Uint8Array) => {
    writeFileSync(join(here.folder, name), bytes)
    return join(here.folder, name)
  }
  const logo = (...args: string[]) => sipkeeper(['spaces:logo', ...args], here)
  const good = file('logo.png', picture())
  const large = file('large.png', new Uint8Array())
  truncateSync(large, 3_000_000)
  const refused: [string[], number][] = [
    [['sip.example.org'], 2],
    [['sip.example.org', good, '--remove'], 2],
    [['sip.example.org', join(here.folder, 'nothing.png')], 4],
    [['sip.example.org', large], 4],
    [['sip.example.org', file('logo.svg', new TextEncoder().encode('<svg/>'))], 2],
    [['sip.nowhere.org', good], 3],
    [['sip.nowhere.org', '--remove'], 3],
  ]
  for (const [args, code] of refused) expect([args, (await logo(...args)).code]).toEqual([args, code])
  expect(existsSync(join(here.folder, 'public'))).toBe(false)

  expect(await logo('sip.example.org', good)).toMatchObject({
    code: 0,
    stdout: 'Space sip.example.org has its logo.\n',
  })
  expect(readdirSync(join(here.folder, 'public/1'))).toHaveLength(1)
  expect(await logo('sip.example.org', '--remove')).toMatchObject({ code: 0 })
  expect(readdirSync(join(here.folder, 'public/1'))).toEqual([])
}, 60_000)
