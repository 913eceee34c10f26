/* The five outer bodies of the solar system under a symplectic integrator: f64 add, multiply, divide and square
   root in a tight nest, all of it dependent on the steps before. */
#include "bench.h"

enum { BODIES = 5 };

typedef struct Body {
    double position[3], velocity[3], mass;
} Body;

static const double solar_mass = 39.47841760435743, days = 365.24;

static const Body initial[BODIES] = {
    {{0, 0, 0}, {0, 0, 0}, 1},
    {{4.84143144246472090, -1.16032004402742839, -1.03622044471123109e-1},
     {1.66007664274403694e-3, 7.69901118419740425e-3, -6.90460016972063023e-5},
     9.54791938424326609e-4},
    {{8.34336671824457987, 4.12479856412430479, -4.03523417114321381e-1},
     {-2.76742510726411e-3, 4.99852801234917238e-3, 2.30417297573763929e-5},
     2.85885980666130812e-4},
    {{1.28943695621391310e1, -1.51111514016986312e1, -2.23307578892655734e-1},
     {2.96460137564761618e-3, 2.37847173959480950e-3, -2.96589568540237556e-5},
     4.36624404335156298e-5},
    {{1.53796971148509165e1, -2.59193146099879641e1, 1.79258772950371181e-1},
     {2.68067772490389322e-3, 1.62824170038242295e-3, -9.51592254519715870e-5},
     5.15138902046611451e-5},
};

static Body body[BODIES];

static void reset(void) {
    for (int i = 0; i < BODIES; i++) {
        body[i] = initial[i];
        body[i].mass *= solar_mass;
        for (int k = 0; k < 3; k++) body[i].velocity[k] *= days;
    }
    for (int i = 1; i < BODIES; i++)
        for (int k = 0; k < 3; k++) body[0].velocity[k] -= body[i].velocity[k] * body[i].mass / solar_mass;
}

static void advance(double step) {
    for (int i = 0; i < BODIES; i++) {
        for (int j = i + 1; j < BODIES; j++) {
            double delta[3], square = 0;
            for (int k = 0; k < 3; k++) {
                delta[k] = body[i].position[k] - body[j].position[k];
                square += delta[k] * delta[k];
            }
            double pull = step / (square * __builtin_sqrt(square));
            for (int k = 0; k < 3; k++) {
                body[i].velocity[k] -= delta[k] * body[j].mass * pull;
                body[j].velocity[k] += delta[k] * body[i].mass * pull;
            }
        }
    }
    for (int i = 0; i < BODIES; i++)
        for (int k = 0; k < 3; k++) body[i].position[k] += step * body[i].velocity[k];
}

static double energy(void) {
    double total = 0;
    for (int i = 0; i < BODIES; i++) {
        const double *v = body[i].velocity;
        total += 0.5 * body[i].mass * (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
        for (int j = i + 1; j < BODIES; j++) {
            double square = 0;
            for (int k = 0; k < 3; k++) {
                double delta = body[i].position[k] - body[j].position[k];
                square += delta * delta;
            }
            total -= body[i].mass * body[j].mass / __builtin_sqrt(square);
        }
    }
    return total;
}

int64_t run(int32_t n) {
    uint64_t sum = 0;
    reset();
    for (int32_t step = 0; step < n; step++) {
        advance(0.01);
        if (step % 16 == 0) sum = fold_f64(sum, energy());
    }
    for (int i = 0; i < BODIES; i++)
        for (int k = 0; k < 3; k++) sum = fold_f64(fold_f64(sum, body[i].position[k]), body[i].velocity[k]);
    return (int64_t)sum;
}
