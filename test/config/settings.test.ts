import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { configurationMarkdown } from '../../src/config/document.ts'
import { IGNORED, PREFIXES } from '../../src/config/reference-names.ts'
import { groups, settingNames, settings } from '../../src/config/settings.ts'

describe('the table', () => {
  test('declares each name once', () => {
    const names = Object.values(groups).flatMap((group) => Object.keys(group))
    expect(names).toEqual([...new Set(names)])
    expect(names).toEqual([...settingNames])
  })

  test('ignores no name that is a setting, and lets no NAME_FILE mean two things', () => {
    expect(Object.keys(IGNORED).filter((name) => name in settings)).toEqual([])
    expect(settingNames.filter((name) => settings[name].kind.secret && `${name}_FILE` in settings)).toEqual([])
  })

  test.each([...settingNames])('%s has a good default and one sentence or two', (name) => {
    const { fallback, kind, meaning } = settings[name]
    if (fallback !== null) expect(kind.parse(fallback)).not.toBeUndefined()
    expect(meaning).toMatch(/^[A-Z`].*\.$/)
    expect(name).toMatch(/^[A-Z][A-Z0-9_]*$/)
  })

  test('prefixes are those of settings', () => {
    expect(PREFIXES.filter((prefix) => !settingNames.some((name) => name.startsWith(prefix)))).toEqual([])
  })
})

test('docs/configuration.md is fresh; `bun run docs` writes it', () => {
  expect(readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')).toBe(configurationMarkdown())
})

test('a setting that code reads is not documented as reserved', async () => {
  const root = new URL('../../src/', import.meta.url).pathname
  const read = new Set<string>()
  for await (const file of new Bun.Glob('**/*.{ts,tsx}').scan(root)) {
    if (file.startsWith('config/')) continue
    for (const [, name] of (await Bun.file(root + file).text()).matchAll(/\bconfig\.([A-Z][A-Z0-9_]+)\b/g))
      read.add(name!)
  }
  expect([...read].filter((name) => settings[name as (typeof settingNames)[number]]?.status === 'reserved')).toEqual([])
})
