import { expect, test } from 'bun:test'
import { ha1 } from '../../src/protocols/digest.ts'
import { testApp } from '../support/app.ts'

test('accounts made while their Space changes obey the Space as it is: no hash of an old realm, no account too many', async () => {
  for (let round = 0; round < 5; round++) {
    const t = await testApp()
    const root = await t.account({ username: 'root', admin: true })
    const domain = 'sip.fresh.org'
    const made = await t.post('/api/spaces', { as: root, body: { name: 'Fresh', domain, host: 'fresh.localhost' } })
    const { digest_authentication_configuration: _, ...space } = made.json
    const create = (i: number) =>
      t.post('/api/accounts', {
        as: root,
        body: { username: `carol.${i}`, password: 'correct-horse', algorithm: 'MD5', domain },
      })
    const change = () =>
      t.put(`/api/spaces/${domain}`, {
        as: root,
        body: { ...space, account_realm: 'realm.fresh.org', max_accounts: 3 },
      })
    await Promise.all([create(0), create(1), change(), ...Array.from({ length: 10 }, (_, i) => create(i + 2))])

    const now = (await t.get(`/api/spaces/${domain}`, { as: root })).json
    const realm = now.account_realm ?? domain
    const accounts = (await t.db.read.select().from(t.db.tables.accounts)).filter(
      (account) => account.domain === domain,
    )
    if (now.max_accounts === 3) expect(accounts.length).toBeLessThanOrEqual(3)
    const passwords = await t.db.read.select().from(t.db.tables.passwords)
    for (const { id, username } of accounts) {
      const stored = passwords.find(({ accountId }) => accountId === id)?.password
      expect(stored).toBe(ha1('MD5', username, realm, 'correct-horse'))
    }
    await t.close()
  }
})
