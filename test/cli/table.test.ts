import { describe, expect, test } from 'bun:test'
import { facts, growingTable } from '../../src/cli/table.ts'

const HEADINGS = ['id', 'account', 'display name']

describe('a table', () => {
  test('is no wider than the terminal, and what names a row is cut last', () => {
    const row = ['1', 'alice.in.wonderland@sip.example.org', 'A rather long display name']
    const lines = (room: number | null) => growingTable(HEADINGS, { room, firm: ['id', 'account'] }).add([row])
    expect(lines(null)).toBe(
      'id  account                              display name\n1   alice.in.wonderland@sip.example.org  A rather long display name',
    )
    expect(lines(50)).toBe(
      'id  account                              display …\n1   alice.in.wonderland@sip.example.org  A rather…',
    )
    for (const room of [30, 50, 80]) {
      for (const line of lines(room).trimEnd().split('\n')) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(room)
    }
  })

  test('stands straight under names of any script, and cuts between characters', () => {
    const text = growingTable(HEADINGS, { room: null }).add([
      ['1', '漢字', 'x'],
      ['2', 'é👩‍👩‍👧', 'y'],
    ])
    expect(text).toBe('id  account  display name\n1   漢字     x\n2   é👩‍👩‍👧      y')
    const cut = growingTable(['name'], { room: 6 }).add([['漢字漢字漢字'], ['👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧']])
    expect(cut).toBe('name\n漢字…\n👩‍👩‍👧👩‍👩‍👧…')
  })

  test('lets no name draw on the terminal or turn the direction of writing', () => {
    const text = growingTable(['name'], { room: null }).add([['\x1b[2Jal\u202eice\n\x9b1m']])
    expect(text).toBe('name\n\ufffd[2Jal\ufffdice\ufffd\ufffd1m')
    expect(facts([['display name', '\x1b]0;title\x07']])).toBe('display name  \ufffd]0;title\ufffd')
  })

  test('has its headings once, and keeps its columns when it grows', () => {
    const table = growingTable(['id', 'account'], { room: 12 })
    expect(table.add([['1', 'alice']])).toBe('id  account\n1   alice')
    expect(table.add([['22', 'wonderland']])).toBe('22  wonder…')
  })
})
