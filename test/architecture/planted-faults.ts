/** Faults planted in kernels, and what the comparison with the definition says of them; runs in Node and in Deno. */
import { type Kernel, textOf } from '../../src/gpu/kernel.ts';
import { expectClose } from '../close.ts';
import { runGraph } from '../run-graph.ts';
import { CASES, type Case, type CaseName } from './fault-cases.ts';

/** [case, what is wrong, text of the kernel, what stands there instead] */
export const FAULTS: readonly (readonly [CaseName, string, string, string])[] = [
  ['matmul', 'a dropped term of the product', 'fma(vec4f(x.w),w3,sum)', 'sum'],
  ['matmul', 'the last k is skipped', 'k<params.inner4;', 'k+1<params.inner4;'],
  ['matmul', 'a skipped column', 'if(col>=params.cols4', 'if(col+1>=params.cols4'],
  ['matmul', 'a missing bias', 'if(BIAS==1){value+=', 'if(BIAS==2){value+='],
  ['matmul', 'a wrong row of the residual', 'row%params.residual_rows', 'row/2'],
  ['matmul', 'the activation is missing', 'value=activate4(value);', ''],
  ['matmul', 'a wrong digit in erf', '0.254829592', '0.254289592'],
  ['matmulQuad', 'rows of one tile are not added', 'sum3_left+=w_left*x3;', ''],
  [
    'matmulQuad',
    'a wrong column of the bias',
    'shift_right=shift_of(batch,right)',
    'shift_right=shift_of(batch,left)',
  ],
  ['matmulStationary', 'weights past the end count', 'select(0.0,1.0,k<count4)', '1.0'],
  ['matmulStationary', 'the last row does not pass', 'row<rows.y;row++){let', 'row+1<rows.y;row++){let'],
  ['attention', 'off by one in the loop over keys', 'u<params.keys;', 'u+1<params.keys;'],
  ['attention', 'padding tokens are skipped', 'var score=0.0;', 'if(!inside){continue;}var score=0.0;'],
  [
    'attention',
    'padding has the values of the first token',
    'pad[params.v_start+head*HEAD4+c],sum[c]',
    'v[params.v_start+head*HEAD4+c],sum[c]',
  ],
  ['attention', 'the running sum is not rescaled', 'weight_sum*=shrink;', ''],
  ['attention', 'the scale is missing', '*params.scale', '*1.0'],
  ['attentionTileWindows', 'padding counts once', 'log2(f32(max(pads,1)))', '0.0'],
  ['attentionTileWindows', 'a padding token more', 'pads=params.keys-tokens', 'pads=params.keys-tokens+1'],
  [
    'attentionTileWindows',
    'a slot takes the window of the first',
    'group.z*SLOTS+lane.slot',
    'group.z*SLOTS',
  ],
  ['attentionTile', 'keys past the end count', 'select(vec4f(LOWEST),term,u<vec4u(place.keys))', 'term'],
  ['attentionTile', 'sums keep their old scale', '(*sums)[i*GROUPS]*=shrink;', ''],
  [
    'attentionTile',
    'the sum of weights keeps its scale',
    'fma((*softmax).total[i],shrink,',
    'fma((*softmax).total[i],1.0,',
  ],
  [
    'attentionTile',
    'half of the channels are dropped',
    'turn<CHANNELS/TOGETHER;',
    'turn<CHANNELS/TOGETHER/2;',
  ],
  ['attentionTile', 'the last values are dropped', 'step<VALUES/4;', 'step<VALUES/8;'],
  ['attentionTile', 'a missing barrier', '&scores);}workgroupBarrier();', '&scores);}'],
  [
    'attentionTile',
    'the first channel of four is taken for the second',
    'parts[to+TILE4]=turned[1];',
    'parts[to+TILE4]=turned[0];',
  ],
  [
    'attentionRelposTile',
    'distances have the wrong sign',
    'line%side+side-1-min(key+i,side-1)',
    'side-1-line%side+min(key+i,side-1)',
  ],
  ['attentionRelposTile', 'columns past the end count', 'select(vec4f(LOWEST),vec4f(),valid)', 'vec4f()'],
  ['attentionRelposTile', 'rows have no terms', '+dot(terms[base+key_y/4],own)', ''],
  ['attentionMerge', 'chunks weigh alike', 'exp2(b.highest-highest)', '1.0'],
  ['attentionQuad', 'keys past the end count', '<vec4u(params.keys)', '<vec4u(params.keys+99)'],
  ['attentionQuad', 'the last keys are skipped', 'u<params.keys;u+=4', 'u+4<params.keys;u+=4'],
  ['attentionQuad', 'sums keep their old scale', 'weight_sum*shrink+', 'weight_sum+'],
  ['conv2d', 'pixels of padding are read', 'select(vec4f(),x[base1+k],inside1)', 'x[base1+k]'],
  ['conv2d', 'the stride is ignored', '*params.stride-', '-'],
  ['conv2d', 'a skipped column of the kernel', 'kx<params.kernel_width;', 'kx+1<params.kernel_width;'],
  ['conv2dQuad', 'rows of one tile are not added', 'sum1_right+=w_right*x1;', ''],
  ['conv2dStationary', 'chunks forget those before', 'first=false;', ''],
  [
    'conv2dStationary',
    'pixels of padding are read',
    'select(vec4f(),x[select(0,row.x+at,inside)],inside)',
    'x[row.x+at]',
  ],
  ['layernorm', 'a missing reduction', '{sum+=parts[first+i];}return', '{sum+=parts[first];}return'],
  ['layernorm', 'the mean is not subtracted', 'value-mean', 'value'],
  [
    'layernorm',
    'columns past the end count',
    'select(vec4f(),value-mean,has_column(lane,part))',
    'value-mean',
  ],
  ['layernorm', 'eps is missing', 'variance+params.eps', 'variance'],
  [
    'layernormSerial',
    'the first columns are not counted',
    'var col=0u;col<params.cols4;col++){sum+=',
    'var col=1u;col<params.cols4;col++){sum+=',
  ],
  ['upscaleNormGelu', 'rows and columns swapped in the shuffle', 'row%2*2+col%2', 'col%2*2+row%2'],
  ['maskDot', 'the skip is not added', 'if(SKIP==1)', 'if(SKIP==2)'],
  ['maskDot', 'a mask takes the next one’s vector', 'min(mask+1,last)', 'min(mask+2,last)'],
  ['maxPool2x2', 'one pixel of four is not seen', 'max(x[lower],x[lower+params.cols4])', 'x[lower]'],
  ['dotRows', 'a missing bias', '+b[0]', ''],
  ['add', 'the second operand is not repeated', 'at%params.period4', 'min(at,params.period4-1)'],
  ['resizeBilinear', 'half a pixel off', 'max((2*at+1)*length,out_length)-out_length', '2*at*length'],
  ['resizeBilinear', 'the right edge is not clamped', 'min(left+1,params.width-1)', 'left+1'],
];

/**
 * Attention by tiles, which SwiftShader compiles for seconds, once a fault. On Dawn its own test holds the same kernels to
 * their definition.
 */
export const isForWgpu = (name: string): boolean => /Tile|Merge/.test(name);

/** Runs a case, with a fault if one is given; throws what the comparison with the definition throws. */
export async function compare(gpu: GPU, name: CaseName, fault?: (typeof FAULTS)[number]): Promise<void> {
  const { traits, build, expected, tolerance }: Case = CASES[name];
  let planted = 0;
  const plant = <O extends string, P extends string, T extends string>(kernel: Kernel<O, P, T>) => {
    if (!fault) return kernel;
    const [, what, from, to] = fault;
    const code = async () => {
      const text = await textOf(kernel);
      if (text.includes(from)) planted += 1;
      return text.replaceAll(from, to);
    };
    // Pipelines are kept by name.
    return { ...kernel, name: `${kernel.name}, ${what}`, code };
  };
  const [y] = await runGraph(
    gpu,
    (g, feed) => {
      const record = g.record.bind(g);
      g.record = (kernel, operands, params, options) => record(plant(kernel), operands, params, options);
      return build(g, feed);
    },
    traits,
  );
  if (fault && planted !== 1)
    throw new Error(`no kernel has the text '${fault[2]}': the fault was not planted`);
  expectClose('y', y ?? [], expected(), tolerance);
}

/** What is said of a fault: the comparison's own words. */
export const complaint = (gpu: GPU, fault: (typeof FAULTS)[number]): Promise<string> =>
  compare(gpu, fault[0], fault).then(
    () => 'nothing was noticed',
    (error: Error) => error.message,
  );
