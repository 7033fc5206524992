"""Sparse sampling attention on a picture in two Triton kernels, there and back; the only file that needs Triton.

A program handles some tokens of one head of one image and goes through their places one by one. Queries, keys and
values (B, heads, N, HEAD_DIM) are read where they lie, at strides that all three share; offsets, of shape
(B, N, heads, POINTS, 2), and whatever is written, (B, N, heads, ...), lie without gaps. Sums are held in the type of
`log_sums`. HEAD_DIM is filled up to WIDTH and N to a multiple of TOKENS; what is filled in is neither read nor written.
"""

import triton
import triton.language as tl

# Annotations stay as they are, not strings: Triton tells constants by them.


@triton.jit
def _cell(coordinate, step: tl.constexpr, length):
    """The cell before (step 0) or after (step 1) each coordinate: index, whether inside, weight, slope of the weight.

    As in `hypersigma.nn.layout`: a cell outside has no weight, but one that is no number stays so.
    """
    first = tl.floor(coordinate)
    inside = (first + step >= 0) & (first + step < length)
    kept = inside.to(coordinate.dtype)
    rising = coordinate - first
    if step == 0:
        weight = (1 - rising) * kept
        slope = -kept
    else:
        weight = rising * kept
        slope = kept
    return tl.where(inside, first + step, 0).to(tl.int64), inside, weight, slope


@triton.jit
def _place(offsets, row, token, real, cols, point, POINTS: tl.constexpr, number: tl.constexpr):
    """Coordinates x, y of the places that tokens look at, in token units."""
    at = offsets + (row * POINTS + point) * 2
    x = (token % cols).to(number) + tl.load(at, mask=real, other=0).to(number)
    y = (token // cols).to(number) + tl.load(at + 1, mask=real, other=0).to(number)
    return x, y


@triton.jit
def _sampled(table, x, y, rows, cols, stride, channel, used, number: tl.constexpr):
    """Vectors of a table (N, HEAD_DIM), interpolated at places, zero outside the picture."""
    total = tl.zeros([x.shape[0], channel.shape[0]], number)
    for down in tl.static_range(2):
        row, in_rows, high, _ = _cell(y, down, rows)
        for right in tl.static_range(2):
            col, in_cols, wide, _ = _cell(x, right, cols)
            at = table + ((row * cols + col) * stride)[:, None] + channel[None, :]
            found = tl.load(at, mask=(in_rows & in_cols)[:, None] & used[None, :], other=0).to(number)
            total += found * (high * wide)[:, None]
    return total


@triton.jit
def _compared(table, vectors, x, y, rows, cols, stride, channel, used, number: tl.constexpr):
    """What `_sampled` gives, its products with vectors, and their slopes along x and y.

    A product with a mixture of cells is the same mixture of products with the cells, so cells are read once.
    """
    total = tl.zeros([x.shape[0], channel.shape[0]], number)
    product = tl.zeros([x.shape[0]], number)
    slope_x, slope_y = product, product
    for down in tl.static_range(2):
        row, in_rows, high, high_slope = _cell(y, down, rows)
        for right in tl.static_range(2):
            col, in_cols, wide, wide_slope = _cell(x, right, cols)
            at = table + ((row * cols + col) * stride)[:, None] + channel[None, :]
            found = tl.load(at, mask=(in_rows & in_cols)[:, None] & used[None, :], other=0).to(number)
            total += found * (high * wide)[:, None]
            of_cell = tl.sum(found * vectors, 1)
            product += high * wide * of_cell
            slope_x += high * wide_slope * of_cell
            slope_y += high_slope * wide * of_cell
    return total, product, slope_x, slope_y


@triton.jit
def _added(table, vectors, x, y, rows, cols, stride, channel, both):
    """Add vectors to a table (N, HEAD_DIM), shared among the cells that `_sampled` reads."""
    for down in tl.static_range(2):
        row, in_rows, high, _ = _cell(y, down, rows)
        for right in tl.static_range(2):
            col, in_cols, wide, _ = _cell(x, right, cols)
            at = table + ((row * cols + col) * stride)[:, None] + channel[None, :]
            inside = (in_rows & in_cols)[:, None] & both
            tl.atomic_add(at, vectors * (high * wide)[:, None], mask=inside, sem="relaxed")


@triton.jit
def _tokens(rows, cols, heads, TOKENS: tl.constexpr):
    """What a program is about: image, head, tokens, which of them exist, and their rows in what lies without gaps."""
    blocks = tl.cdiv(rows * cols, TOKENS)
    program = tl.program_id(0)
    head = (program // blocks) % heads
    # Of 64 bits from here on: a batch may hold more than 2 ** 31 numbers.
    image = (program // blocks // heads).to(tl.int64)
    token = (program % blocks) * TOKENS + tl.arange(0, TOKENS)
    return image, head, token, token < rows * cols, (image * (rows * cols) + token) * heads + head


@triton.jit
def mix(
    query,
    key,
    value,
    offsets,
    mixed,
    log_sums,
    rows,
    cols,
    heads,
    image_stride,
    head_stride,
    token_stride,
    POINTS: tl.constexpr,
    HEAD_DIM: tl.constexpr,
    TOKENS: tl.constexpr,
    WIDTH: tl.constexpr,
):
    """Mixed values (B, N, heads, HEAD_DIM), and the logarithms of the sums under the softmax (B, N, heads).

    The softmax is taken as places come in: what is summed so far shrinks when a larger logit appears.
    """
    number: tl.constexpr = log_sums.dtype.element_ty
    image, head, token, real, row = _tokens(rows, cols, heads, TOKENS)
    channel = tl.arange(0, WIDTH)
    used = channel < HEAD_DIM
    both = real[:, None] & used[None, :]
    first = image * image_stride + head * head_stride
    here = first + token[:, None].to(tl.int64) * token_stride + channel[None, :]
    asked = tl.load(query + here, mask=both, other=0).to(number) * HEAD_DIM**-0.5

    largest = tl.full([TOKENS], -float("inf"), number)
    total = tl.zeros([TOKENS], number)
    summed = tl.zeros([TOKENS, WIDTH], number)
    for point in range(POINTS):
        x, y = _place(offsets, row, token, real, cols, point, POINTS, number)
        logit = tl.sum(asked * _sampled(key + first, x, y, rows, cols, token_stride, channel, used, number), 1)
        found = _sampled(value + first, x, y, rows, cols, token_stride, channel, used, number)
        larger = tl.maximum(largest, logit)
        shrink, share = tl.exp(largest - larger), tl.exp(logit - larger)
        total = total * shrink + share
        summed = summed * shrink[:, None] + found * share[:, None]
        largest = larger
    there = row[:, None] * HEAD_DIM + channel[None, :]
    tl.store(mixed + there, (summed / total[:, None]).to(mixed.dtype.element_ty), mask=both)
    tl.store(log_sums + row, largest + tl.log(total), mask=real)


@triton.jit
def mix_backward(
    query,
    key,
    value,
    offsets,
    mixed,
    log_sums,
    grad_mixed,
    grad_query,
    grad_key,
    grad_value,
    grad_offsets,
    rows,
    cols,
    heads,
    image_stride,
    head_stride,
    token_stride,
    POINTS: tl.constexpr,
    HEAD_DIM: tl.constexpr,
    TOKENS: tl.constexpr,
    WIDTH: tl.constexpr,
):
    """Gradients; those of keys and values, (B, N, heads, HEAD_DIM) in the type of `log_sums`, are added to zeros."""
    number: tl.constexpr = log_sums.dtype.element_ty
    image, head, token, real, row = _tokens(rows, cols, heads, TOKENS)
    channel = tl.arange(0, WIDTH)
    used = channel < HEAD_DIM
    both = real[:, None] & used[None, :]
    first = image * image_stride + head * head_stride
    here = first + token[:, None].to(tl.int64) * token_stride + channel[None, :]
    there = row[:, None] * HEAD_DIM + channel[None, :]
    ours = (image * (rows * cols) * heads + head) * HEAD_DIM
    asked = tl.load(query + here, mask=both, other=0).to(number) * HEAD_DIM**-0.5
    wanted = tl.load(grad_mixed + there, mask=both, other=0).to(number)
    mean = tl.sum(wanted * tl.load(mixed + there, mask=both, other=0).to(number), 1)
    log_sum = tl.load(log_sums + row, mask=real, other=0)

    of_query = tl.zeros([TOKENS, WIDTH], number)
    for point in range(POINTS):
        x, y = _place(offsets, row, token, real, cols, point, POINTS, number)
        sampled, logit, logit_x, logit_y = _compared(
            key + first, asked, x, y, rows, cols, token_stride, channel, used, number
        )
        _, gain, gain_x, gain_y = _compared(
            value + first, wanted, x, y, rows, cols, token_stride, channel, used, number
        )
        share = tl.exp(logit - log_sum)
        of_logit = share * (gain - mean)
        of_query += of_logit[:, None] * sampled
        at = grad_offsets + (row * POINTS + point) * 2
        of_x, of_y = of_logit * logit_x + share * gain_x, of_logit * logit_y + share * gain_y
        tl.store(at, of_x.to(grad_offsets.dtype.element_ty), mask=real)
        tl.store(at + 1, of_y.to(grad_offsets.dtype.element_ty), mask=real)
        _added(grad_key + ours, of_logit[:, None] * asked, x, y, rows, cols, heads * HEAD_DIM, channel, both)
        _added(grad_value + ours, share[:, None] * wanted, x, y, rows, cols, heads * HEAD_DIM, channel, both)
    of_query *= HEAD_DIM**-0.5
    tl.store(grad_query + there, of_query.to(grad_query.dtype.element_ty), mask=both)
