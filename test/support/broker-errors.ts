import { MillraceError } from '../../src/errors/millrace-error';

/** No Kafka broker can be had on this machine by any of the three ways. */
export class NoBrokerError extends MillraceError {
  readonly code = 'NO_BROKER';
  readonly reasons: readonly string[];

  constructor(reasons: readonly string[]) {
    super(
      [
        'No Kafka broker can be had on this machine:',
        ...reasons.map((reason) => `  - ${reason}`),
        'Do one of these:',
        '  - set KAFKA_BROKERS to the address of a running Kafka (for example KAFKA_BROKERS=localhost:9092)',
        '  - start a Docker engine that can pull apache/kafka, or name an image that it has in KAFKA_IMAGE',
        '  - install Java 17 or later and Maven 3 (Debian: apt-get install openjdk-17-jre-headless maven; macOS: brew install openjdk maven)',
      ].join('\n'),
    );
    this.reasons = reasons;
  }
}

/** `REQUIRE_DOCKER=1` is set, and the broker cannot run in a container. */
export class DockerRequiredError extends MillraceError {
  readonly code = 'DOCKER_REQUIRED';

  constructor(reason: string) {
    super(
      `REQUIRE_DOCKER=1 is set, but the broker cannot run in a container: ${reason}. ` +
        'Start a Docker engine that has or can pull the image (KAFKA_IMAGE names another one; docker/kafka-image.sh builds one without pulling), or unset REQUIRE_DOCKER.',
    );
  }
}

/** A broker was started and did not become ready, or died. */
export class BrokerStartError extends MillraceError {
  readonly code = 'BROKER_START_FAILED';

  constructor(broker: string, reason: string, lastLogLines: string) {
    super(`${broker} ${reason}. The last lines of its log:\n${lastLogLines || '(none)'}`);
  }
}

/** A fault was asked for that this kind of broker cannot have. */
export class BrokerFaultNotPossibleError extends MillraceError {
  readonly code = 'BROKER_FAULT_NOT_POSSIBLE';

  constructor(fault: string, broker: string) {
    super(
      `Cannot ${fault} ${broker}: it was not started here. A test that disturbs its broker calls startBroker({ own: true }).`,
    );
  }
}
