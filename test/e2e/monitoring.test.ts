import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commandLine } from '../../src/cli/program.ts'
import { hasProgram, prepared, serve } from '../support/executable.ts'
import { freePort } from '../support/postgres.ts'

const deploy = join(import.meta.dir, '../../deploy')
const rulesFile = join(deploy, 'prometheus-alerts.yaml')
const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-e2e-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly annotations: { readonly summary: string }
}
interface Panel {
  readonly title: string
  readonly targets: readonly { readonly expr: string }[]
}

const { groups } = Bun.YAML.parse(readFileSync(rulesFile, 'utf8')) as { groups: { rules: Rule[] }[] }
const rules = groups.flatMap((group) => group.rules)
const dashboard: { panels: Panel[] } = JSON.parse(readFileSync(join(deploy, 'grafana-dashboard.json'), 'utf8'))
const panels = dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })))
const expressions = [...rules, ...panels].map(({ expr }) => expr)

/** What an installation says of itself after its first minute. */
let exported = ''
beforeAll(async () => {
  const metrics = `127.0.0.1:${await freePort()}`
  const place = await prepared({ METRICS_LISTEN: metrics })
  const running = await serve(place)
  for (const path of ['/api/ping', '/api/accounts/me', '/login']) await fetch(running.base + path)
  exported = await (await fetch(`http://${metrics}/metrics`)).text()
  await running.stop()
  await place.remove()
})

test('every metric of the dashboard and the alerts is one that the executable exports, with the labels they ask for', () => {
  const named = new Set(expressions.flatMap((expr) => expr.match(/\bsipkeeper_[a-z_]+/g) ?? []))
  expect(named.size).toBeGreaterThan(8)
  const described = new Set(
    [...exported.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name, type]) =>
      type === 'histogram' ? ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`) : [name ?? ''],
    ),
  )
  expect([...named].filter((name) => !described.has(name))).toEqual([])
  // Those that Prometheus adds; `job` of ours becomes `exported_job`, for it has one of its own.
  const labels = new Set(
    [...exported.matchAll(/[{,]([a-z]+)="/g)].map(([, label]) => (label === 'job' ? 'exported_job' : label)),
  )
  const asked = expressions.flatMap((expr) => [
    ...[...expr.matchAll(/\bby \(([^)]+)\)/g)].flatMap(([, list = '']) => list.split(/, */)),
    ...[...expr.matchAll(/[{,] *([a-z_]+) *(?:=~|!=|=)/g)].map(([, label = '']) => label),
  ])
  // A channel is named as soon as something waits to leave by it.
  const known = new Set([...labels, 'instance', 'job', 'channel'])
  expect([...new Set(asked)].filter((label) => !known.has(label))).toEqual([])
})

test('every metric that is exported is on the dashboard', () => {
  const names = [...exported.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name ?? '')
  expect(names.filter((name) => !panels.some(({ expr }) => expr.includes(name)))).toEqual([])
})

test('every alert says what to do, with commands that exist', () => {
  const commands = new Set(commandLine().commands.map((command) => command.name()))
  for (const { alert, annotations } of rules) {
    const quoted = [...annotations.summary.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text)
    expect([alert, quoted.length > 0 || /look|check|compare/.test(annotations.summary)]).toEqual([alert, true])
    const ours = quoted.map((text) => /^(?:sipkeeper )?([a-z-]+(?::[a-z-]+)?)/.exec(text)?.[1] ?? '')
    const called = ours.filter((name, at) => name.includes(':') || quoted[at]?.startsWith('sipkeeper '))
    expect(called.filter((name) => !commands.has(name))).toEqual([])
  }
})

const promtool = async (...args: string[]) => {
  const { exitCode, stdout, stderr } = await Bun.$`promtool ${args}`.nothrow().quiet()
  return { exitCode, said: `${stdout}${stderr}` }
}

test.skipIf(!hasProgram('promtool'))('Prometheus takes the alerts, and all that the dashboard asks', async () => {
  expect(await promtool('check', 'rules', rulesFile)).toMatchObject({ exitCode: 0 })
  const questions = panels.map(({ expr }, at) => ({
    record: `panel_${at}`,
    expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$instance', '.*'),
  }))
  const file = join(folder, 'dashboard.yaml')
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: questions }] }))
  expect(await promtool('check', 'rules', file)).toMatchObject({ exitCode: 0 })
})

/** Series of a sample a minute, and the alerts that stand at their end. */
const after = (end: string, series: Readonly<Record<string, string>>, firing: readonly string[]) => ({
  interval: '1m',
  input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
  promql_expr_test: [
    {
      expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
      eval_time: end,
      exp_samples: firing.map((alertname) => ({ labels: `{alertname="${alertname}"}`, value: 1 })),
    },
  ],
})

test.skipIf(!hasProgram('promtool'))(
  'a healthy installation is left in peace, and each trouble has its alert',
  async () => {
    const at = 'instance="a:9100", job="sipkeeper"'
    const requests = (status: number) => `sipkeeper_http_requests_total{${at}, status="${status}"}`
    const healthy = {
      [`up{${at}}`]: '1x120',
      [requests(200)]: '0+6000x120',
      [requests(401)]: '0+3000x120',
      [requests(500)]: '0+1x120',
      [`sipkeeper_http_request_seconds_bucket{${at}, le="0.1"}`]: '0+6000x120',
      [`sipkeeper_http_request_seconds_bucket{${at}, le="5"}`]: '0+6000x120',
      [`sipkeeper_http_request_seconds_bucket{${at}, le="+Inf"}`]: '0+6000x120',
      [`sipkeeper_open_transactions{${at}}`]: '30 2x119',
      [`sipkeeper_event_loop_delay_seconds{${at}}`]: '1 0.02x119',
      [`sipkeeper_resident_memory_bytes{${at}}`]: '2e8x120',
      [`sipkeeper_outbox_oldest_seconds{${at}, channel="mail"}`]: '20x120',
      [`sipkeeper_outbox_oldest_seconds{${at}, channel="webhook"}`]: '9000x120',
      [`sipkeeper_outbox_waiting{${at}, channel="mail"}`]: '3x120',
      [`sipkeeper_job_failed{${at}, exported_job="tokens"}`]: '0x120',
      [`sipkeeper_job_last_success_timestamp_seconds{${at}, exported_job="tokens"}`]: '0+60x120',
      // A job of the night, on the first day of an installation.
      [`sipkeeper_job_last_success_timestamp_seconds{${at}, exported_job="statistics"}`]: '0x120',
    }
    const troubles: readonly [alerts: string[], series: Record<string, string>][] = [
      [['SipkeeperDown'], { [`up{${at}}`]: '0x120' }],
      [['SipkeeperErrors'], { [requests(500)]: '0+300x120' }],
      [['SipkeeperThrottles'], { [requests(429)]: '0+120x120' }],
      [['SipkeeperSlow'], { [`sipkeeper_http_request_seconds_bucket{${at}, le="0.1"}`]: '0+3000x120' }],
      [['SipkeeperTransactionsWait'], { [`sipkeeper_open_transactions{${at}}`]: '50x120' }],
      [['SipkeeperLoopHeld'], { [`sipkeeper_event_loop_delay_seconds{${at}}`]: '0.8x120' }],
      [['SipkeeperMemory'], { [`sipkeeper_resident_memory_bytes{${at}}`]: '2e9x120' }],
      [['SipkeeperMessagesStuck'], { [`sipkeeper_outbox_oldest_seconds{${at}, channel="mail"}`]: '0+60x120' }],
      [['SipkeeperMessagesPileUp'], { [`sipkeeper_outbox_waiting{${at}, channel="mail"}`]: '0+50x120' }],
      [['SipkeeperJobFailed'], { [`sipkeeper_job_failed{${at}, exported_job="tokens"}`]: '1x120' }],
      [
        ['SipkeeperJobsStopped'],
        { [`sipkeeper_job_last_success_timestamp_seconds{${at}, exported_job="tokens"}`]: '0x120' },
      ],
    ]
    expect(new Set([...troubles.flatMap(([alerts]) => alerts), 'SipkeeperJobLate'])).toEqual(
      new Set(rules.map(({ alert }) => alert)),
    )
    const success = (job: string) => `sipkeeper_job_last_success_timestamp_seconds{${at}, exported_job="${job}"}`
    const aNightMissed = { [success('tokens')]: '0+60x3000', [success('statistics')]: '1800x3000' }
    const file = join(folder, 'tests.yaml')
    const tests = [
      after('2h', healthy, []),
      ...troubles.map(([alerts, series]) => after('2h', { ...healthy, ...series }, alerts)),
      after('40h', aNightMissed, []),
      after('50h', aNightMissed, ['SipkeeperJobLate']),
    ]
    writeFileSync(file, JSON.stringify({ rule_files: [rulesFile], evaluation_interval: '5m', tests }))
    const { exitCode, said } = await promtool('test', 'rules', file)
    expect([exitCode, said]).toEqual([0, expect.stringContaining('SUCCESS')])
  },
)
