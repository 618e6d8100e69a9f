import type { JsonSchema } from './schemas.ts'

export interface Parameter {
  readonly schema: JsonSchema
  readonly description: string
  readonly example: string | number
}

const number = (description: string): Parameter => ({
  schema: { type: 'integer', minimum: 1, maximum: 2_147_483_647 },
  description,
  example: 42,
})

const text = (description: string, example: string): Parameter => ({ schema: { type: 'string' }, description, example })

/** Everything that a path can name. */
export const PARAMETERS: Readonly<Record<string, Parameter>> = {
  id: number('Its number, as replies give it.'),
  action_id: number('The number of the action.'),
  carddav_id: number('The number of the CardDAV server.'),
  contact_id: number('The number of the account that is the contact.'),
  contacts_list_id: number('The number of the contacts list.'),
  forwarding_id: number('The number of the call forwarding.'),
  webhook_id: number('The number of the webhook.'),
  delivery_id: number('The number of an attempt to deliver, as the list of them gives it.'),
  type_id: number('The number of the account type.'),
  sip: text('A SIP address, with or without `sip:`.', 'alice01@sip.example.org'),
  email: text('An e-mail address.', 'alice@example.org'),
  domain: text('The SIP domain of the Space.', 'sip.example.org'),
  import: text('What the upload of the file answered as its `id`.', 'NuZStOwNcJewz2EU0wYjt2'),
  key: text('The name of the entry.', 'department'),
  code: text('A region by its code of ISO 3166-1, in capitals.', 'FR'),
  uuid: text('The identifier, as the list gives it.', 'urn:uuid:8f2c1f0e-5b7a-4c1d-9a55-0d2f6a1b7c33'),
  call_id: text('The identifier of the call, as it was reported.', '9f2c'),
  message_id: text('The identifier of the message, as it was reported.', '9f2c'),
  conference_id: text('The identifier of the conference, as it was reported.', '9f2c'),
  to: text('The SIP address of the recipient.', 'bob@sip.example.org'),
  device_id: text('What the SIP proxy calls the device.', '"<urn:uuid:8f2c1f0e-5b7a-4c1d-9a55-0d2f6a1b7c33>"'),
  name: text('The name of the file, as the link has it.', 'aB3dE5gH_voicemail.wav'),
  auth_token: text('An auth token.', 'Hk3Vt8QxZw2Lr'),
  provisioning_token: text('A provisioning token.', 'm4Tq7RbYc1Ns9'),
}
