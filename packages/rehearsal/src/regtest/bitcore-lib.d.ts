/**
 * What the embedded chain uses of bitcore-lib, which has no types of its own. `Buffer`s stay in the
 * two files that import it.
 */
declare module 'bitcore-lib' {
  interface Script {
    toBuffer(): Buffer;
    isPushOnly(): boolean;
    readonly chunks: readonly { readonly buf?: Buffer; readonly opcodenum: number }[];
  }

  interface Input {
    /** In the order that people read. */
    readonly prevTxId: Buffer;
    readonly outputIndex: number;
    readonly sequenceNumber: number;
    /** The scriptSig, not parsed. */
    readonly _scriptBuffer: Buffer;
    /** Absent in the old serialisation. */
    readonly witnesses?: readonly Buffer[];
  }

  interface Transaction {
    readonly version: number;
    readonly nLockTime: number;
    readonly inputs: readonly Input[];
    readonly outputs: readonly { readonly satoshis: number; readonly _scriptBuffer: Buffer }[];
    toBuffer(withoutWitness?: boolean): Buffer;
  }

  interface Interpreter {
    /** What failed, when `verify` returned false. */
    readonly errstr: string;
    verify(
      scriptSig: Script,
      scriptPubKey: Script,
      transaction: Transaction,
      inputIndex: number,
      flags: number,
      witness: readonly Buffer[],
      satoshis: number,
    ): boolean;
  }

  interface InterpreterConstructor {
    new (): Interpreter;
    readonly SCRIPT_VERIFY_P2SH: number;
    readonly SCRIPT_VERIFY_STRICTENC: number;
    readonly SCRIPT_VERIFY_DERSIG: number;
    readonly SCRIPT_VERIFY_LOW_S: number;
    readonly SCRIPT_VERIFY_NULLDUMMY: number;
    readonly SCRIPT_VERIFY_SIGPUSHONLY: number;
    readonly SCRIPT_VERIFY_MINIMALDATA: number;
    readonly SCRIPT_VERIFY_DISCOURAGE_UPGRADABLE_NOPS: number;
    readonly SCRIPT_VERIFY_CLEANSTACK: number;
    readonly SCRIPT_VERIFY_CHECKLOCKTIMEVERIFY: number;
    readonly SCRIPT_VERIFY_CHECKSEQUENCEVERIFY: number;
    readonly SCRIPT_VERIFY_WITNESS: number;
    readonly SCRIPT_VERIFY_DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM: number;
    readonly SCRIPT_VERIFY_MINIMALIF: number;
    readonly SCRIPT_VERIFY_NULLFAIL: number;
    readonly SCRIPT_VERIFY_WITNESS_PUBKEYTYPE: number;
  }

  interface Bitcore {
    readonly Transaction: new (bytes: Buffer) => Transaction;
    readonly Script: {
      fromBuffer(bytes: Buffer): Script;
      readonly Interpreter: InterpreterConstructor;
    };
    readonly crypto: {
      readonly Signature: { isTxDER(bytes: Buffer): boolean };
    };
  }

  const bitcore: Bitcore;
  export default bitcore;
}
