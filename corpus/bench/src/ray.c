/* A small ray tracer: spheres over a chequered floor, shadows and one reflection, geometry in f64, colour in f32,
   pixels in bytes. Stresses square roots, divisions, struct passing, float compares, and conversions between floats
   and integers. */
#include "bench.h"

enum { WIDTH = 16, SPHERES = 5 };

typedef struct Vector {
    double x, y, z;
} Vector;

typedef struct Colour {
    float r, g, b;
} Colour;

typedef struct Sphere {
    Vector centre;
    double radius;
    Colour colour;
    float shine;
} Sphere;

typedef struct Hit {
    double distance;
    Vector point, normal;
    Colour colour;
    float shine;
} Hit;

static Sphere sphere[SPHERES];
static const double far = 1e9;

static Vector vector_add(Vector a, Vector b) { return (Vector){a.x + b.x, a.y + b.y, a.z + b.z}; }
static Vector vector_sub(Vector a, Vector b) { return (Vector){a.x - b.x, a.y - b.y, a.z - b.z}; }
static Vector vector_scale(Vector a, double by) { return (Vector){a.x * by, a.y * by, a.z * by}; }
static double vector_dot(Vector a, Vector b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static Vector vector_unit(Vector a) { return vector_scale(a, 1 / __builtin_sqrt(vector_dot(a, a))); }
static Colour colour_scale(Colour a, float by) { return (Colour){a.r * by, a.g * by, a.b * by}; }
static Colour colour_add(Colour a, Colour b) { return (Colour){a.r + b.r, a.g + b.g, a.b + b.b}; }

static void scene_init(Rng *rng) {
    for (int i = 0; i < SPHERES; i++) {
        Sphere *s = &sphere[i];
        double angle = i * 1.1 - 2.2;
        s->radius = 0.5 + rng_unit(rng) * 0.5;
        s->centre = (Vector){angle * 1.3, s->radius, 5 + rng_unit(rng) * 2};
        s->colour.r = (float)rng_unit(rng);
        s->colour.g = (float)rng_unit(rng);
        s->colour.b = (float)rng_unit(rng);
        s->shine = i % 2 ? 0.5f : 0.125f;
    }
}

static double sphere_distance(const Sphere *s, Vector origin, Vector direction) {
    Vector to = vector_sub(s->centre, origin);
    double along = vector_dot(to, direction);
    double inside = s->radius * s->radius - vector_dot(to, to) + along * along;
    if (inside <= 0) return far;
    double root = __builtin_sqrt(inside), near = along - root;
    if (near > 1e-4) return near;
    return along + root > 1e-4 ? along + root : far;
}

static int blocked(Vector origin, Vector direction) {
    for (int i = 0; i < SPHERES; i++)
        if (sphere_distance(&sphere[i], origin, direction) < far) return 1;
    return 0;
}

static int trace(Vector origin, Vector direction, Hit *hit) {
    const Sphere *nearest = NULL;
    hit->distance = far;
    for (int i = 0; i < SPHERES; i++) {
        double distance = sphere_distance(&sphere[i], origin, direction);
        if (distance < hit->distance) hit->distance = distance, nearest = &sphere[i];
    }
    double floor_distance = direction.y < -1e-6 ? -origin.y / direction.y : far;
    if (floor_distance > 1e-4 && floor_distance < hit->distance && floor_distance < 100) {
        hit->distance = floor_distance;
        hit->point = vector_add(origin, vector_scale(direction, floor_distance));
        hit->normal = (Vector){0, 1, 0};
        int32_t tile = (int32_t)__builtin_floor(hit->point.x) + (int32_t)__builtin_floor(hit->point.z);
        hit->colour = tile & 1 ? (Colour){0.9f, 0.9f, 0.8f} : (Colour){0.2f, 0.25f, 0.3f};
        hit->shine = 0.25f;
        return 1;
    }
    if (nearest == NULL) return 0;
    hit->point = vector_add(origin, vector_scale(direction, hit->distance));
    hit->normal = vector_scale(vector_sub(hit->point, nearest->centre), 1 / nearest->radius);
    hit->colour = nearest->colour;
    hit->shine = nearest->shine;
    return 1;
}

static Colour shade(Vector origin, Vector direction, Vector light, int depth) {
    Hit hit;
    if (!trace(origin, direction, &hit)) return (Colour){0.3f, 0.5f, (float)(0.7 + 0.3 * direction.y)};
    float lit = 0.125f;
    double facing = vector_dot(hit.normal, light);
    if (facing > 0 && !blocked(hit.point, light)) lit += (float)facing;
    Colour out = colour_scale(hit.colour, lit);
    if (depth == 0) return out;
    Vector bounce = vector_sub(direction, vector_scale(hit.normal, 2 * vector_dot(direction, hit.normal)));
    Colour mirrored = shade(hit.point, vector_unit(bounce), light, depth - 1);
    return colour_add(colour_scale(out, 1 - hit.shine), colour_scale(mirrored, hit.shine));
}

static uint8_t to_byte(float channel) {
    float scaled = channel * 255.0f + 0.5f;
    return scaled < 0 ? 0 : scaled > 255 ? 255 : (uint8_t)scaled;
}

/* Each row is one unit of work; 16 rows make a picture, and the light and the camera move from one to the next. */
int64_t run(int32_t n) {
    Rng rng = {0x726179};
    uint64_t sum = 0;
    scene_init(&rng);
    for (int32_t row = 0; row < n; row++) {
        int32_t picture = row / 16 % 64;
        Vector eye = {picture * 0.03125 - 1, 1.5, -1};
        Vector light = vector_unit((Vector){1 - picture * 0.0625, 1.25, -0.5});
        for (int32_t column = 0; column < WIDTH; column++) {
            Vector ray = {(column - 7.5) / 16, (7.5 - row % 16) / 16, 1};
            Colour pixel = shade(eye, vector_unit(ray), light, 2);
            uint32_t packed = (uint32_t)to_byte(pixel.r) << 16 | (uint32_t)to_byte(pixel.g) << 8 | to_byte(pixel.b);
            sum = fold(sum, packed);
            sum = fold_f32(sum, pixel.r - pixel.b);
        }
    }
    return (int64_t)sum;
}
