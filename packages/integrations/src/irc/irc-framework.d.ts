declare module 'irc-framework' {
  export type IrcError = { error: string; channel?: string; nick?: string; reason?: string }
  type Events = {
    registered: { nick: string }
    close: boolean
    'socket close': Error | false | undefined
    'nick in use': { nick: string }
    'nick invalid': { nick: string }
    'sasl failed': { reason: string }
    'irc error': IrcError
    join: { nick: string; channel: string }
    part: { nick: string; channel: string }
    kick: { kicked: string; channel: string; message: string }
    pong: { message: string | undefined }
  }
  export type ClientOptions = {
    host: string
    port: number
    nick: string
    username: string
    gecos: string
    password?: string
    account: { account?: string; password?: string }
    tls: boolean
    rejectUnauthorized: boolean
    auto_reconnect: boolean
    sasl_disconnect_on_fail: boolean
    message_max_length: number
    version: string
  }
  export class Client {
    connect(options: ClientOptions): void
    on<Name extends keyof Events>(event: Name, fn: (event: Events[Name]) => void): this
    removeListener<Name extends keyof Events>(event: Name, fn: (event: Events[Name]) => void): this
    say(target: string, message: string): void
    notice(target: string, message: string): void
    join(channel: string, key?: string): void
    changeNick(nick: string): void
    ping(message: string): void
    quit(message: string): void
    readonly connection: { end(data?: string, hadError?: boolean): void; connected: boolean }
    readonly user: { nick: string }
    readonly network: { cap: { isEnabled(capability: string): boolean } }
    caseLower(text: string): string
  }
  const framework: { Client: typeof Client }
  export default framework
}
