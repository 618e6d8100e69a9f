import type { Receive } from '../../src/accounts/account-files/account-files.ts'
import type { Caller } from '../../src/nouns/caller.ts'
import type { Space } from '../../src/nouns/space.ts'
import type { Visit } from '../../src/nouns/visit.ts'
import type { TestAccount, TestApp } from './app.ts'

/** As somebody calls use cases by a request. */
export const asking = async (t: TestApp, who: TestAccount, where: Space = t.main) => {
  const space = (await t.parts.spaces.byDomain(where.domain)) as Space
  const home = (await t.parts.spaces.byDomain(who.domain)) as Space
  const { id, username, domain } = who
  const caller: Caller = {
    id,
    username,
    domain,
    activated: true,
    space: home,
    role: home.super ? 'super' : 'admin',
    via: 'session',
    key: null,
  }
  const visit = {
    space,
    caller,
    address: '192.0.2.7',
    network: '192.0.2.7',
    userAgent: 'test',
    language: 'en',
    id: 'request-1',
    isPage: true,
  } as Visit
  return { visit, caller }
}

/** A file that arrives in pieces of that size. */
export const arriving =
  (content: string | Uint8Array, size = 65_536, name = 'accounts.csv'): Receive =>
  async (begin) => {
    const take = begin(name, new Map())
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    for (let at = 0; at < bytes.length; at += size) await take(bytes.slice(at, at + size))
    return true
  }

/** A file that somebody has sent for the Space, and that waits. */
export const stageFile = async (t: TestApp, who: TestAccount, space: Space): Promise<string> => {
  const { visit, caller } = await asking(t, who, space)
  const file = `Username,Password\nimported-${space.id},correct-horse\nIMPORTED,correct-horse\n`
  return t.parts.accountFiles.stage(async () => visit, caller, arriving(file))
}
