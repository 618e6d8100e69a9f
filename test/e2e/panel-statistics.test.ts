import { expect } from 'bun:test'
import { journey, type Walker } from '../support/journey.ts'

// Who calls, how often, and with whom: as a picture, as a table, and as a file.

const AT = new Date(Date.now() - 3_600_000).toISOString().replace(/\.\d+Z/, 'Z')

const download = async ({ page }: Walker, link: string): Promise<string> => {
  const [file] = await Promise.all([page.waitForEvent('download'), page.click(link)])
  return Bun.file((await file.path()) ?? '').text()
}

journey('statistics in the panel', {
  before: async ({ api }) => {
    for (const [n, to] of ['ada@sip.example.org', 'carol@carrier.example'].entries()) {
      const call = { id: `call-${n}`, from: 'admin@sip.example.org', to, initiated_at: AT }
      await api('POST', '/statistics/calls', call)
    }
    const message = { id: 'message-1', from: 'admin@sip.example.org', sent_at: AT, encrypted: true }
    await api('POST', '/statistics/messages', message)
  },
  walk: async (at) => {
    const { page, t } = at
    const me = await at.api('GET', '/accounts/me')
    await at.signIn()
    for (const [chart, count] of [
      ['calls', 2],
      ['messages', 1],
      ['accounts', 1],
    ] as const) {
      await at.open(`/admin/statistics/${chart}`)
      await at.sees(chart)
      expect(await page.locator('main .plot svg').count()).toBeGreaterThan(0)
      // What the picture shows can be read.
      await page.click(`main summary:has-text("${t('chart.numbers')}")`)
      expect(await page.locator('main table tbody tr').count()).toBeGreaterThan(0)
      expect(await download(at, 'main a[href*="/export"][href*="json"]')).toContain(String(count))
    }
    await at.open('/admin/statistics/call_logs')
    await at.reads('carol@carrier.example')
    await at.sees('call-log')
    expect(await download(at, 'main a[href*="/call_logs/export"]')).toContain('carol@carrier.example')
    await at.open(`/admin/accounts/${me.id}/statistics`)
    await at.sees('of-an-account')
    await at.open(`/admin/accounts/${me.id}/statistics/call_logs`)
    await at.reads('carol@carrier.example')
    await at.sees('call-log-of-an-account')
  },
})
