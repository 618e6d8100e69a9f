import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import { LARGE_BODY_BYTES } from '../../http/body.ts'
import { accepts, read, text } from '../../http/input.ts'
import type { LongReplies } from '../../http/long-replies.ts'
import { isoMoment } from '../../http/moment.ts'
import { answers, done, mapOf, moment, record, refuses } from '../../http/output.ts'
import { idOf } from '../../http/path.ts'
import { json, jsonText, vcards } from '../../http/respond.ts'
import type { Caller, Role } from '../../nouns/caller.ts'
import type { Visit } from '../../nouns/visit.ts'
import { withCrlf } from '../../protocols/vcard.ts'
import { type Owner, type StoredCard, type VcardsStorage, WantedCard } from './vcards-storage.ts'

const StoredCardSchema = record('StoredCard', { vcard: text(), created_at: moment(), updated_at: moment() })

const cardWire = ({ vcard, createdAt, updatedAt }: StoredCard) => ({
  vcard,
  created_at: isoMoment(createdAt),
  updated_at: isoMoment(updatedAt),
})

/** An object of all cards by their UID, as JSON. */
async function* listed(stretches: AsyncIterable<StoredCard[]>): AsyncIterable<string> {
  let before = '{'
  for await (const cards of stretches) {
    const members = cards.map((card) => `${JSON.stringify(card.uuid)}:${JSON.stringify(cardWire(card))}`)
    if (members.length > 0) yield before + members.join(',')
    if (members.length > 0) before = ','
  }
  yield before === '{' ? '{}' : '}'
}

/** Every card as a client may import them, each followed by an empty line. */
async function* importable(stretches: AsyncIterable<StoredCard[]>): AsyncIterable<string> {
  for await (const cards of stretches) yield cards.map(({ vcard }) => `${withCrlf(vcard)}\r\n`).join('')
}

const stored = async (card: Promise<StoredCard>, status = 200) => json(cardWire(await card), status)

interface Deps {
  readonly auth: Auth
  readonly longReplies: LongReplies
  readonly vcardsStorage: VcardsStorage
}

interface Asked {
  readonly visit: Visit
  readonly caller: Caller
  readonly params: Readonly<Record<string, string>>
}

/** Stored cards (behaviour/address-books.md §6): the same routes for an account and for its administrators. */
export const vcardsStorageApi = ({ auth, longReplies, vcardsStorage }: Deps) => {
  const routes = (prefix: string, requires: Role, ownerOf: (asked: Asked) => Owner | Promise<Owner>) => {
    const change = async (asked: Asked & { readonly params: { readonly uuid: string } }) => {
      const owner = await ownerOf(asked)
      return stored(vcardsStorage.change(asked.visit, owner, asked.params.uuid, read(WantedCard, asked.visit.input)))
    }
    const of = `of ${requires === 'account' ? 'the caller' : 'an account'}`
    const storing = { role: requires, body: LARGE_BODY_BYTES }
    const changing = {
      requires: storing,
      detail: { summary: `Replace a vCard ${of}`, ...accepts(WantedCard), ...answers(StoredCardSchema) },
    }
    return new Elysia({ prefix, tags: ['Stored vCards'] })
      .use(auth)
      .get(
        '/',
        async ({ visit, caller, params }) =>
          longReplies.send(caller, listed(vcardsStorage.all(await ownerOf({ visit, caller, params }))), jsonText),
        {
          requires,
          detail: {
            summary: `List the vCards ${of}`,
            description: 'By their `UID`.',
            ...answers(mapOf(StoredCardSchema)),
          },
        },
      )
      .post(
        '/',
        async ({ visit, caller, params }) =>
          stored(
            vcardsStorage.create(visit, await ownerOf({ visit, caller, params }), read(WantedCard, visit.input)),
            201,
          ),
        {
          requires: storing,
          detail: {
            summary: `Store a vCard ${of}`,
            ...accepts(WantedCard),
            ...answers(StoredCardSchema, 201),
            ...refuses(409),
          },
        },
      )
      .get(
        '/:uuid',
        async ({ visit, caller, params }) =>
          stored(vcardsStorage.one(await ownerOf({ visit, caller, params }), params.uuid)),
        { requires, detail: { summary: `Read a vCard ${of}`, ...answers(StoredCardSchema) } },
      )
      .put('/:uuid', ({ visit, caller, params }) => change({ visit, caller, params }), changing)
      .patch('/:uuid', ({ visit, caller, params }) => change({ visit, caller, params }), changing)
      .delete(
        '/:uuid',
        async ({ visit, caller, params }) => {
          await vcardsStorage.remove(visit, await ownerOf({ visit, caller, params }), params.uuid)
          return json(1)
        },
        { requires, detail: { summary: `Delete a vCard ${of}`, ...answers(done()) } },
      )
  }
  return new Elysia()
    .use(routes('/api/accounts/me/vcards-storage', 'account', ({ caller }) => caller))
    .use(
      routes('/api/accounts/:id/vcards-storage', 'admin', ({ visit, params }) =>
        vcardsStorage.ownerOf(visit.space, idOf(params.id ?? '')),
      ),
    )
}

/** The cards themselves, as an app imports them. */
export const vcardsApi = ({ auth, longReplies, vcardsStorage }: Deps) =>
  new Elysia({ prefix: '/vcards-storage', tags: ['Stored vCards'] })
    .use(auth)
    .get('/', ({ caller }) => longReplies.send(caller, importable(vcardsStorage.all(caller)), vcards), {
      requires: 'account',
      detail: { summary: 'Read the stored vCards of the caller as vCards', ...answers('text/vcard') },
    })
    .get(
      '/:uuid',
      async ({ caller, params }) => vcards(withCrlf((await vcardsStorage.one(caller, params.uuid)).vcard)),
      {
        requires: 'account',
        detail: { summary: 'Read one stored vCard of the caller as a vCard', ...answers('text/vcard') },
      },
    )
