import type { Command } from 'commander'
import { read } from '../http/input.ts'
import type { Services } from '../services.ts'
import { WebhookForm } from '../spaces/webhooks/webhooks.ts'
import { deliveryWire, webhookWire } from '../spaces/webhooks/wire.ts'
import { EVENTS } from '../webhooks/events.ts'
import { type GlobalOptions, withServices } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { print } from './terminal.ts'

interface Options extends GlobalOptions {
  readonly json?: boolean
}

const MOST_ID = 0x7fffffff

const idOf = (text: string): number => {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : 0
  if (id < 1 || id > MOST_ID) throw new CommandError('An id is a number.', EXIT.usage)
  return id
}

/** What was done with a webhook of whatever Space: as JSON, or in a sentence. */
const withWebhook = <Result>(
  command: Command,
  id: string,
  work: (parts: Services, space: Awaited<ReturnType<Services['webhooks']['spaceOf']>>, id: number) => Promise<Result>,
  say: (result: Result) => { readonly json: unknown; readonly text: string },
): Promise<void> => {
  const options = command.optsWithGlobals<Options>()
  const webhook = idOf(id)
  return withServices(options, async ({ parts }) => {
    const result = await work(parts, await parts.webhooks.spaceOf(webhook), webhook)
    const { json, text } = say(result)
    print(options.json === true ? JSON.stringify(json) : text)
  })
}

const lineOf = (delivery: ReturnType<typeof deliveryWire>): string => {
  const { id, created_at, event, subject, attempt, status, duration_ms, answer, error, state } = delivery
  const came = status === null ? error : `${status} after ${duration_ms} ms${answer ? `: ${answer}` : ''}`
  return `${id} ${created_at} ${event} ${subject}, attempt ${attempt}, ${state ?? 'not kept'}: ${came}`
}

const listCommand = (program: Command) =>
  program
    .command('webhooks:list')
    .argument('<sip_domain>', 'SIP domain of the Space')
    .option('--json', 'print one JSON object')
    .description('list the webhooks of a Space')
    .action(async (domain: string, _options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      await withServices(options, async ({ parts, world }) => {
        const space = await parts.spaceAdministration.byDomain(domain)
        const webhooks = (await parts.webhooks.list(space)).map((webhook) => webhookWire(webhook, world.now()))
        if (options.json === true) return print(JSON.stringify({ webhooks }))
        if (webhooks.length === 0) print('There is none.')
        for (const { id, name, url, events, enabled, gone_at } of webhooks) {
          const off = gone_at === null ? ', off' : `, off since it answered 410 on ${gone_at}`
          print(`${id} ${name} ${url} (${events.join(', ')})${enabled ? '' : off}`)
        }
      })
    })

const createCommand = (program: Command) =>
  program
    .command('webhooks:create')
    .argument('<sip_domain>', 'SIP domain of the Space')
    .argument('<url>', 'where it is, with https://')
    .argument('<name>', 'what people call it')
    .requiredOption('--events <events>', `what it hears of, separated by commas: ${EVENTS.join(', ')}`)
    .option('--disabled', 'it is told nothing yet')
    .option('--json', 'print one JSON object')
    .description('tell a server what happens in a Space; prints the secret that messages are signed with')
    .action(async (domain: string, url: string, name: string, _options, command: Command) => {
      const options = command.optsWithGlobals<Options & { events: string; disabled?: boolean }>()
      const events = options.events.split(',').map((event) => event.trim())
      const input = read(WebhookForm, { name: name.trim() || null, url, events, enabled: options.disabled !== true })
      await withServices(options, async ({ parts, world }) => {
        const space = await parts.spaceAdministration.byDomain(domain)
        const { webhook, secret } = await parts.webhooks.create(null, space, input)
        const wire = { ...webhookWire(webhook, world.now()), secret }
        print(options.json === true ? JSON.stringify(wire) : `Webhook ${webhook.id} created. Its secret: ${secret}`)
      })
    })

const deleteCommand = (program: Command) =>
  program
    .command('webhooks:delete')
    .argument('<id>', 'of the webhook')
    .option('--json', 'print one JSON object')
    .description('delete a webhook, and what waits for it')
    .action((id: string, _options, command: Command) =>
      withWebhook(
        command,
        id,
        ({ webhooks }, space, webhook) => webhooks.remove(null, space, webhook),
        () => ({ json: { deleted: Number(id) }, text: `Webhook ${id} deleted.` }),
      ),
    )

const rotateCommand = (program: Command) =>
  program
    .command('webhooks:rotate')
    .argument('<id>', 'of the webhook')
    .option('--json', 'print one JSON object')
    .description('give a webhook another secret and print it; for 24 hours the one before signs as well')
    .action((id: string, _options, command: Command) =>
      withWebhook(
        command,
        id,
        ({ webhooks }, space, webhook) => webhooks.rotate(null, space, webhook),
        ({ secret }) => ({ json: { id: Number(id), secret }, text: secret }),
      ),
    )

const testCommand = (program: Command) =>
  program
    .command('webhooks:test')
    .argument('<id>', 'of the webhook')
    .option('--json', 'print one JSON object')
    .description('send a test event now, once, and say what came of it')
    .action((id: string, _options, command: Command) =>
      withWebhook(
        command,
        id,
        async ({ webhooks }, space, webhook) => {
          const delivery = deliveryWire(await webhooks.test(null, space, webhook))
          const isTaken = delivery.status !== null && delivery.status >= 200 && delivery.status < 300
          if (!isTaken) throw new CommandError(lineOf(delivery), EXIT.failed)
          return delivery
        },
        (delivery) => ({ json: delivery, text: lineOf(delivery) }),
      ),
    )

const deliveriesCommand = (program: Command) =>
  program
    .command('webhooks:deliveries')
    .argument('<id>', 'of the webhook')
    .option('--before <delivery>', 'only those that are older')
    .option('--json', 'print one JSON object')
    .description('list what came of the last attempts to deliver to a webhook, the newest first')
    .action((id: string, _options, command: Command) => {
      const { before } = command.opts<{ before?: string }>()
      const from = before === undefined ? null : idOf(before)
      return withWebhook(
        command,
        id,
        ({ webhooks }, space, webhook) => webhooks.deliveries(space, webhook, from),
        ({ deliveries, next }) => {
          const data = deliveries.map(deliveryWire)
          return { json: { data, next }, text: data.map(lineOf).join('\n') || 'There is none.' }
        },
      )
    })

const sendAgainCommand = (program: Command) =>
  program
    .command('webhooks:send-again')
    .argument('<id>', 'of the webhook')
    .argument('[delivery]', 'as webhooks:deliveries names it; without it, all that was given up')
    .option('--json', 'print one JSON object')
    .description('have the server try again what was given up, or waits')
    .action((id: string, delivery: string | undefined, _options, command: Command) => {
      const one = delivery === undefined ? null : idOf(delivery)
      return withWebhook(
        command,
        id,
        async ({ webhooks }, space, webhook) => {
          if (one === null) return webhooks.sendDeadAgain(null, space, webhook)
          await webhooks.sendAgain(null, space, webhook, one)
          return 1
        },
        (sent) => ({ json: { sent_again: sent }, text: `${sent} to be sent again.` }),
      )
    })

export const webhooksCommands = (program: Command) => {
  for (const add of [
    listCommand,
    createCommand,
    deleteCommand,
    rotateCommand,
    testCommand,
    deliveriesCommand,
    sendAgainCommand,
  ]) {
    add(program)
  }
}
