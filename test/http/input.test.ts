import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { AppError, invalid } from '../../src/errors.ts'
import {
  anything,
  choice,
  clearable,
  dictionary,
  email,
  flag,
  form,
  instant,
  integer,
  looseText,
  optional,
  plainText,
  read,
  type Settled,
  text,
  type WithTexts,
} from '../../src/http/input.ts'

const Everything = form({
  name: text({ max: 8 }),
  number: integer(1, 9),
  on: flag(),
  way: choice(['UDP', 'TCP']),
  loose: looseText(),
  address: optional(email(20)),
  title: optional(plainText(8)),
  count: optional(integer(0)),
  maybe: optional(flag()),
  protocol: optional(choice(['MD5', 'SHA-256'])),
  entries: optional(dictionary()),
  whatever: optional(anything()),
  realm: clearable(text({ max: 8 })),
  object: clearable(anything()),
})

const REQUIRED = ['name', 'number', 'on', 'way', 'loose'] as const
const CLEARABLE = ['realm', 'object'] as const

/** Values that each member takes, as a client writes them, and what they are to a feature. */
const GOOD = {
  name: [['alice', 'alice']],
  number: [
    [3, 3],
    ['4', 4],
  ],
  on: [
    [true, true],
    [0, false],
    ['1', true],
    ['0', false],
  ],
  way: [['TCP', 'TCP']],
  loose: [
    [7, '7'],
    [false, '0'],
    ['text', 'text'],
  ],
  address: [['a@b.example', 'a@b.example']],
  title: [['Dr', 'Dr']],
  count: [['0', 0]],
  maybe: [
    [false, false],
    [1, true],
  ],
  protocol: [['MD5', 'MD5']],
  entries: [
    [[], {}],
    [{ a: 'b' }, { a: 'b' }],
  ],
  whatever: [[false, false]],
  realm: [['r', 'r']],
  object: [[{ realm: 'r' }, { realm: 'r' }]],
} as const satisfies Record<keyof typeof Everything.properties, readonly (readonly [unknown, unknown])[]>

const NAMES = Object.keys(GOOD) as (keyof typeof GOOD)[]

type Said = Settled<typeof Everything>

/** What comes of it: an answer, or the refusal. */
const outcome = <Answer>(settle: () => Answer): Answer | AppError => {
  try {
    return settle()
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
}
const settled = (members: Readonly<Record<string, unknown>>): Said | AppError =>
  outcome(() => read(Everything, members).settle())

const fieldsOf = (refusal: unknown): readonly string[] =>
  refusal instanceof AppError ? [...refusal.fields.keys()] : []

const junk = fc.oneof(
  fc.constantFrom(null, '', 'x', 'a'.repeat(300), '\0', '\ud800', -1, 1.5, '12345678901234567', [], {}, [1], { a: 1 }),
  fc.jsonValue(),
)
const wellFormed = (name: keyof typeof GOOD) => fc.constantFrom(...GOOD[name].map(([written]) => written as unknown))
const anyBody = fc.record(
  Object.fromEntries(
    NAMES.map((name) => [name, fc.oneof({ weight: 19, arbitrary: wellFormed(name) }, { weight: 1, arbitrary: junk })]),
  ),
  { requiredKeys: [...REQUIRED] },
)

describe('what a body settles to', () => {
  test('is refused as a whole when a required member is missing, null or malformed, whatever else it says', () => {
    fc.assert(
      fc.property(anyBody, fc.constantFrom(...REQUIRED), fc.constantFrom(undefined, null, {}), (body, name, value) => {
        const refusal = settled({ ...body, [name]: value })
        expect(refusal).toBeInstanceOf(AppError)
        expect(fieldsOf(refusal)).toContain(name)
      }),
    )
  })

  test('has every required member, and for the others no value that the schema does not know', () => {
    fc.assert(
      fc.property(anyBody, (body) => {
        const said = settled(body)
        if (said instanceof AppError) return expect(said.fields.size).toBeGreaterThan(0)
        expect(typeof said.name).toBe('string')
        expect(Number.isInteger(said.number)).toBe(true)
        expect(typeof said.on).toBe('boolean')
        expect(['UDP', 'TCP']).toContain(said.way)
        expect(typeof said.loose).toBe('string')
        expect(said.maybe === null || typeof said.maybe === 'boolean').toBe(true)
        expect(said.count === null || Number.isInteger(said.count)).toBe(true)
        expect([null, 'MD5', 'SHA-256']).toContain(said.protocol)
        for (const name of NAMES) {
          const isSaid = (body[name] ?? null) !== null
          const silence = CLEARABLE.some((one) => one === name) && !Object.hasOwn(body, name) ? undefined : null
          if (isSaid) expect(said[name] ?? null).not.toBeNull()
          else expect(said[name]).toBe(silence)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('is what was said, in the types of the schema', () => {
    const bodies = fc.record(
      Object.fromEntries(NAMES.map((name) => [name, fc.constantFrom(...(GOOD[name] as readonly unknown[]))])),
      { requiredKeys: [...REQUIRED] },
    )
    fc.assert(
      fc.property(bodies, (pairs) => {
        const chosen = Object.entries(pairs as Record<string, readonly [unknown, unknown]>)
        const said = settled(Object.fromEntries(chosen.map(([name, [written]]) => [name, written])))
        expect(said).toMatchObject(Object.fromEntries(chosen.map(([name, [, meant]]) => [name, meant])))
      }),
    )
  })

  test('tells null from silence only where null takes something away', () => {
    const required = { name: 'alice', number: 1, on: 0, way: 'UDP', loose: 'x' }
    expect(settled(required)).toMatchObject({ address: null, maybe: null, realm: undefined, object: undefined })
    const nulls = { address: null, maybe: null, realm: null, object: null }
    expect(settled({ ...required, ...nulls })).toMatchObject(nulls)
  })
})

describe('while refusals are collected', () => {
  test('a member is good until something speaks against it', () => {
    const input = read(Everything, { name: 'alice', title: 'much too long', on: 'yes', realm: null })
    expect(input.good).toMatchObject({ name: 'alice', title: null, on: null, number: null, realm: null })
    input.refuse('name', { id: 'v.taken' })
    expect(input.good.name).toBeNull()
    expect(input.values.name).toBe('alice')
  })

  test('a text of another format can still be looked at, and one that cannot be read has no value', () => {
    const input = read(form({ address: email(20), at: instant() }), { address: 'no mail', at: 'tomorrow' })
    expect(input.values).toEqual({ address: 'no mail', at: null })
    expect(input.good).toEqual({ address: null, at: null })
  })

  test('all refusals leave together, in the order of the schema, each once', () => {
    const input = read(Everything, { title: 'much too long' })
    input.refuse('captcha', { id: 'v.captcha' })
    input.refuse('name', { id: 'v.taken' })
    input.refuse('name', { id: 'v.taken' })
    const refusal = outcome(() => input.settle())
    expect(fieldsOf(refusal)).toEqual(['name', 'number', 'on', 'way', 'loose', 'title', 'captcha'])
    expect(refusal instanceof AppError && refusal.fields.get('name')).toEqual([{ id: 'v.required' }, { id: 'v.taken' }])
  })

  test('one refusal alone looks like one of many', () => {
    const alone = invalid('name', 'v.max', { max: 8 })
    const ofMany = settled({ name: 'somebodyelse', number: 1, on: 1, way: 'UDP', loose: 'x' })
    const { code, text, fields } = alone
    expect(ofMany).toMatchObject({ code, text, fields })
    expect(invalid('name', 'v.taken').fields).toEqual(new Map([['name', [{ id: 'v.taken' as const }]]]))
  })
})

/** These hold or the file does not compile: `bun run check` says so. */
type Same<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false
const holds = <_Claim extends true>(): void => {}

test('the compiler knows which members are there', () => {
  holds<Same<Said['name'], string>>()
  holds<Same<Said['number'], number>>()
  holds<Same<Said['on'], boolean>>()
  holds<Same<Said['way'], 'UDP' | 'TCP'>>()
  holds<Same<Said['loose'], string>>()
  holds<Same<Said['address'], string | null>>()
  holds<Same<Said['maybe'], boolean | null>>()
  holds<Same<Said['protocol'], 'MD5' | 'SHA-256' | null>>()
  holds<Same<Said['entries'], Record<string, string> | null>>()
  holds<Same<Said['realm'], string | null | undefined>>()
  // @ts-expect-error An optional member may be missing.
  holds<Same<Said['address'], string>>()
  // @ts-expect-error Nothing is there for certain before it is settled.
  holds<Same<ReturnType<typeof read<typeof Everything>>['values']['name'], string>>()

  const input = read(form({ phone: text(), realm: optional(text()) }), { phone: '+33612345678' })
  const rule = ({ good }: WithTexts<'phone'>): string | null => good.phone
  expect(rule(input)).toBe('+33612345678')
  const { phone } = input.settle()
  const kept: string = phone
  expect(kept).toBe('+33612345678')
  // @ts-expect-error Nobody declared it.
  expect(input.settle().email).toBeUndefined()
})
