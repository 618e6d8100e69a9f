import type { JsonSchema } from './schemas.ts'

/** What a member of that name may look like. */
const EXAMPLES: Readonly<Record<string, unknown>> = {
  account_creation_request_token: 'v5Xp2KdGh8Wm3',
  account_creation_token: 'b9Lc4NtSq6Fz1',
  account_default_password_algorithm: 'SHA-256',
  account_proxy_registrar_address: 'sip.example.org',
  account_realm: 'sip.example.org',
  algorithm: 'SHA-256',
  api_key: 'e7Jw…',
  app: 'Linphone',
  call_id: 'a84b4c76e66710@192.0.2.7',
  code: '1234',
  contact_sip_uri: 'sip:bob02@sip.example.org',
  country_code: '33',
  device_name: 'Pixel 9',
  dictionary: { department: 'sales' },
  display_name: 'Alice',
  domain: 'sip.example.org',
  email: 'alice@example.org',
  from_address: 'accounts@example.org',
  from_name: 'Example',
  host: 'accounts.example.org',
  ip: '192.0.2.7',
  ip_address: '192.0.2.7',
  name: 'Example',
  new_email: 'alice@example.org',
  old_password: 'wrong-horse',
  password: 'correct-horse',
  phone: '+33612345678',
  pn_param: 'project',
  pn_prid: 'device-token',
  port: 587,
  provisioning_token: 'm4Tq7RbYc1Ns9',
  realm: 'sip.example.org',
  sip: 'sip:alice01@sip.example.org',
  sip_uri: 'sip:alice01@sip.example.org',
  token: 'Hk3Vt8QxZw2Lr',
  uri: 'https://dav.example.org/',
  url: 'https://accounts.example.org/',
  user_agent: 'LinphoneAndroid/6.0',
  username: 'alice01',
  uuid: 'urn:uuid:8f2c1f0e-5b7a-4c1d-9a55-0d2f6a1b7c33',
  value: 'sales',
  vcard: 'BEGIN:VCARD\r\nVERSION:4.0\r\nUID:urn:uuid:8f2c1f0e-5b7a-4c1d-9a55-0d2f6a1b7c33\r\nFN:Alice\r\nEND:VCARD\r\n',
  version: '6.0',
}

const typeOf = ({ type }: JsonSchema): string | undefined => (typeof type === 'string' ? type : type?.[0])

type Find = (schema: JsonSchema) => JsonSchema

const member = (name: string, schema: JsonSchema, find: Find): unknown =>
  Object.hasOwn(EXAMPLES, name) && typeOf(find(schema)) !== 'object' && typeOf(schema) !== 'array'
    ? EXAMPLES[name]
    : exampleOf(schema, find)

/** Something that the schema allows. `find` follows a reference. `wanted` picks the members that are shown: all. */
export const exampleOf = (
  asked: JsonSchema,
  find: Find,
  wanted: (name: string, schema: JsonSchema) => boolean = () => true,
): unknown => {
  const schema = find(asked)
  if ('const' in schema) return schema.const
  if (schema.examples !== undefined) return schema.examples[0]
  if (schema.enum !== undefined) return schema.enum[0]
  const [first] = schema.anyOf ?? []
  if (first !== undefined) return exampleOf(first, find)
  switch (typeOf(schema)) {
    case 'object': {
      if (schema.additionalProperties !== undefined) {
        const value = exampleOf(schema.additionalProperties, find)
        return value === 'text' ? EXAMPLES.dictionary : { key: value }
      }
      const members = Object.entries(schema.properties ?? {}).filter(([name]) => wanted(name, schema))
      return Object.fromEntries(members.map(([name, one]) => [name, member(name, one, find)]))
    }
    case 'array':
      return schema.items === undefined ? [] : [exampleOf(schema.items, find)]
    case 'integer':
    case 'number':
      return schema.minimum ?? 1
    case 'boolean':
      return true
    case 'null':
      return null
    default:
      return schema.format === 'date-time'
        ? '2026-01-20T09:30:00.000000Z'
        : schema.format === 'date'
          ? '2027-01-31'
          : 'text'
  }
}
