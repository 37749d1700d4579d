/** A body that several frames have. Until `drop` it has one user more: what makes those frames. */
export class SharedBody {
  private users = 1;

  /** `release`: called once, when no frame's is read any more. */
  constructor(private readonly release: () => void) {}

  /** For one more frame; what it returns is called once the frame is not read any more. */
  use(): () => void {
    this.users++;
    return () => this.drop();
  }

  drop(): void {
    if (--this.users === 0) this.release();
  }
}
