import { choice, email, form, optional, plainText, text } from '../../http/input.ts'
import type { ALGORITHMS } from '../passwords/rules.ts'

/** What a file says of an account, by column: the name of the member, and what the head of a CSV file calls it. */
const HEADS = {
  username: 'Username',
  password: 'Password',
  role: 'Role',
  status: 'Status',
  phone: 'Phone',
  email: 'Email',
  external_username: 'External Username',
  external_domain: 'External Domain',
  external_password: 'External Password',
  external_realm: 'External Realm',
  external_registrar: 'External Registrar',
  external_outbound_proxy: 'External Outbound Proxy',
  external_protocol: 'External Protocol',
  display_name: 'Display Name',
  contacts_list: 'Contacts List',
  ha1_sha256: 'ha1_sha256',
  ha1_md5: 'ha1_md5',
  external_ha1_sha256: 'external_ha1_sha256',
  external_ha1_md5: 'external_ha1_md5',
} as const

export type Column = keyof typeof HEADS

export const COLUMNS = Object.keys(HEADS) as readonly Column[]

export const headOf = (column: Column): string => HEADS[column]

/** HA1 values are as good as passwords: only who asks for them finds them in an export. */
export const HA1_COLUMNS: readonly Column[] = ['ha1_sha256', 'ha1_md5', 'external_ha1_sha256', 'external_ha1_md5']

/** Of these nothing is ever shown again, and nothing of an export looks like a formula. */
export const SECRET_COLUMNS: ReadonlySet<Column> = new Set([...HA1_COLUMNS, 'password', 'external_password'])

const LONGEST_LISTS = 8192

/** What a line may say (behaviour/accounts.md §9). */
export const ImportedAccount = form({
  username: text({ max: 64, numbers: true }),
  password: optional(text({ numbers: true })),
  role: optional(choice(['user', 'admin'])),
  status: optional(choice(['active', 'inactive'])),
  phone: optional(text({ max: 64, numbers: true })),
  email: optional(email(64)),
  display_name: optional(plainText(255)),
  contacts_list: optional(text({ max: LONGEST_LISTS })),
  ha1_sha256: optional(text({ max: 64 })),
  ha1_md5: optional(text({ max: 32 })),
  external_ha1_sha256: optional(text({ max: 64 })),
  external_ha1_md5: optional(text({ max: 32 })),
})

export const HA1_OF = { 'SHA-256': 'ha1_sha256', MD5: 'ha1_md5' } as const satisfies Record<
  (typeof ALGORITHMS)[number],
  Column
>

export const EXTERNAL_HA1_OF = {
  'SHA-256': 'external_ha1_sha256',
  MD5: 'external_ha1_md5',
} as const satisfies Record<(typeof ALGORITHMS)[number], Column>

/** Case, blanks, `_` and `-` make no difference. */
const plain = (head: string): string => head.toLowerCase().replaceAll(/[\s_-]/g, '')

const byHead = new Map(COLUMNS.flatMap((column) => [plain(column), plain(HEADS[column])].map((head) => [head, column])))
// More than one list may stand in it.
byHead.set('contactslists', 'contacts_list')

/** The column of that head; null: nobody knows it. */
export const columnOf = (head: string): Column | null => byHead.get(plain(head)) ?? null

/** Several lists stand one below the other, since a title may hold everything but a line break. */
export const listsIn = (text: string): string[] =>
  text
    .split('\n')
    .map((title) => title.trim())
    .filter(Boolean)

// A spreadsheet would take it for a formula; a number with its sign is none.
const FORMULA = /^'*[=+\-@\t\r]/
const NUMBER = /^[+-]?\d+$/

/** As a cell, where no spreadsheet computes with it. */
export const asCell = (text: string): string => (FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text)

/** What `asCell` was made of. */
export const ofCell = (cell: string): string => (/^'+[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell)

/** What an importable file looks like, with the columns that the reference has. */
export const SAMPLE_FILE = `${[
  COLUMNS.slice(0, 13).map(headOf).join(','),
  'sample.alice,change-me-4711,user,active,,sample.alice@example.org,,,,,,,',
  'sample.bob,change-me-4712,user,active,,sample.bob@example.org,line-0199,carrier.example.org,secret-at-the-carrier,,sip.carrier.example.org,proxy.carrier.example.org,TLS',
  '1001,change-me-4713,user,inactive,,,,,,,,,',
].join('\r\n')}\r\n`
